"""A small made copy of the official layout of each data set, and what must come out of it."""

from . import micro, own, posed, wild

LAYOUTS = wild.LAYOUTS | posed.LAYOUTS | micro.LAYOUTS | own.LAYOUTS
