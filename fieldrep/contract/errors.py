"""The two families of errors meet here: `KnownError` for what environment or user cause; all else is a bug.

A code is stable for ever, its sentence may change. The server sends codes, the client shows sentences.
"""

from __future__ import annotations

from enum import StrEnum

STOPPED = "Stopped; what was saved stays saved."
"""What either program says to whoever interrupts it."""


class Code(StrEnum):
    """Every code of a refusal or known error, on both sides."""

    # what a person entered
    UNKNOWN_ENTITY = "unknown_entity"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_COMMAND = "unknown_command"
    INVALID_VALUE = "invalid_value"
    REQUIRED = "required"
    NOT_FOUND = "not_found"
    NOTHING_TO_CHANGE = "nothing_to_change"
    READ_ONLY = "read_only"
    # what the server refuses in a change
    FIELD_PROTECTED = "field_protected"
    OUT_OF_SCOPE = "out_of_scope"
    PARENT_MISSING = "parent_missing"
    PURGED = "purged"
    ALREADY_SETTLED = "already_settled"
    DEPENDS_ON_REFUSED = "depends_on_refused"
    ALREADY_EXISTS = "already_exists"
    MOVE_NOT_ALLOWED = "move_not_allowed"
    TOTAL_WRONG = "total_wrong"
    APPEND_ONLY = "append_only"
    TOO_LARGE = "too_large"
    NUMBER_OUT_OF_ORDER = "number_out_of_order"
    INTERNAL = "internal"
    # what stands between device and server
    OFFLINE = "offline"
    NOT_A_SERVER = "not_a_server"
    DIFFERENT_SERVER = "different_server"
    DAMAGED_MESSAGE = "damaged_message"
    NOT_A_BUNDLE = "not_a_bundle"
    BUNDLE_DAMAGED = "bundle_damaged"
    WRONG_BUNDLE = "wrong_bundle"
    UNAUTHORISED = "unauthorised"
    DEVICE_LOCKED = "device_locked"
    DEVICE_REVOKED = "device_revoked"
    UPGRADE_NEEDED = "upgrade_needed"
    SERVER_BUSY = "server_busy"
    SERVER_ERROR = "server_error"
    SERVER_DISK = "server_disk"
    STORE_BEHIND = "store_behind"
    CERTIFICATE = "certificate"
    CLOCK_WRONG = "clock_wrong"
    NAME_UNKNOWN = "name_unknown"
    PROXY_REFUSES = "proxy_refuses"
    SIGN_IN_NEEDED = "sign_in_needed"
    PLAIN_HTTP = "plain_http"
    # enrolment and profile
    LINK_INVALID = "link_invalid"
    LINK_USED = "link_used"
    LINK_EXPIRED = "link_expired"
    OTHER_USER = "other_user"
    NOT_ENROLLED = "not_enrolled"
    ALREADY_ENROLLED = "already_enrolled"
    WRONG_PASSPHRASE = "wrong_passphrase"  # noqa: S105 - the name of a code
    NO_KEY = "no_key"
    WIPED = "wiped"
    ALREADY_OPEN = "already_open"
    REPLICA_DAMAGED = "replica_damaged"
    REPLICA_NEWER = "replica_newer"
    DISK_FULL = "disk_full"
    DISK_ERROR = "disk_error"
    # administration
    STORE_MISSING = "store_missing"
    STORE_NEWER = "store_newer"
    STORE_DAMAGED = "store_damaged"
    STORE_UNUSABLE = "store_unusable"
    NOT_KEPT = "not_kept"
    IMPORT_INVALID = "import_invalid"
    ADDRESS_IN_USE = "address_in_use"
    WRONG_USAGE = "wrong_usage"
    # what a newer program says
    OTHER = "other"

    @classmethod
    def _missing_(cls, value: object) -> Code | None:
        """A code of a newer version; its sentence says what it is about."""
        return cls.OTHER if isinstance(value, str) else None


BARRED = frozenset({Code.DEVICE_LOCKED, Code.DEVICE_REVOKED, Code.UNAUTHORISED})
"""Answers after which nothing goes in or out of an installation until it is unlocked, or else enrols again."""

OF_THE_LAPTOP = frozenset({Code.REPLICA_DAMAGED, Code.DISK_FULL, Code.DISK_ERROR})
"""What only a laptop can know of its own disk; whoever else says so speaks of his."""


class KnownError(Exception):
    """Something environment or user caused: a stable code and a sentence that says what to do.

    Attributes:
        code: which case it is.
        sentence: for people; names the thing and the next step.
        field: the field it is about, "" for none.
        retry_after: the seconds after which it may be tried again, 0 when nobody said.
    """

    def __init__(self, code: Code, sentence: str, *, field: str = "", retry_after: int = 0) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.field = field
        self.retry_after = retry_after
