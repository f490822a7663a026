"""The written form of an audit: `audit.json`, `report.html`, `report.md`, charts and the terminal's table.

Every part reads only the audit's dict as `docs/AUDIT_SCHEMA.md` describes it. `write` makes the files,
`terminal.render` the table for the terminal, and `schema.validate_audit` names what a dict has wrong.
"""

from evenface.report.files import FORMATS, write
from evenface.report.schema import validate_audit
from evenface.report.serial import to_json_bytes

__all__ = ["FORMATS", "to_json_bytes", "validate_audit", "write"]
