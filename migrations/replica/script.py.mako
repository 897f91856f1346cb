"""${message}.

Revision ${up_revision} after ${down_revision}. A released revision is never edited.
"""

from __future__ import annotations

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Counts `REPLICA_VERSION` up by one."""
    ${upgrades if upgrades else ""}
