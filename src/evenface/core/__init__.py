"""The words every other room speaks: label spaces, groups, tables, registries, settings and errors."""
