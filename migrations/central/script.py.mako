"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision}
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades}


def downgrade() -> None:
    raise NotImplementedError("A central store is never downgraded; restore a backup of the older version instead.")
