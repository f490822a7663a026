"""The written form of a study of transfer between regions; reads only the document that docs/FUSION.md describes."""
