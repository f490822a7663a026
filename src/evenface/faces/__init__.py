"""Pixels to chips: decode a picture, find its faces, bring each to one template.

Nothing here tells who someone is. A face that is missed is told with its reason, never dropped.
"""
