"""The metrics themselves, one module a family; the table that names them is in `evenface.audit`."""
