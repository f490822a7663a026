"""From photographs and videos to a table of answers."""
