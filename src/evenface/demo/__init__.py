"""The story of `evenface demo`: a bias is planted, found, and reduced; and what that cost.

Faces -> two nets of the same layers, one taught plainly, one by latent alignment -> audits, probes, faces drawn as
another group -> one page. Everything is measured by the rooms that measure a user's own tables and runs.
"""
