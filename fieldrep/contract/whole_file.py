"""A file that a person asked for: it takes its name when it is complete and on the disk, or not at all.

Both programs write such files: exports, and files carried on a stick. Must not know what is in them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from fieldrep.contract.errors import Code, KnownError

_STORE = b"SQLite format 3\0"


@contextmanager
def whole_file(path: Path, advice: str) -> Iterator[BinaryIO]:
    """An open stream; one of that name stays as it is until what is written to the stream is all there.

    What is no file, like a device or a pipe, is written to as it comes.

    Args:
        advice: what to tell where it cannot be written: what is safe, and what to do.

    Raises:
        KnownError: `disk_error`, `already_exists` in place of a store, or `wrong_usage` for a path that names no file.
    """
    if not path.name:
        raise KnownError(Code.WRONG_USAGE, "This names no file. Name the file to write.")
    spare_stores(path)
    target = Path(os.path.realpath(path))  # a link goes on pointing to where it points
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    stream = target.exists() and not target.is_file()  # a device or a pipe is never replaced by a file
    try:
        with (target if stream else draft).open("wb") as out:
            yield out
            out.flush()
            if not stream:
                os.fsync(out.fileno())
        if not stream:
            draft.replace(target)
    except OSError as error:
        sentence = f"{path} cannot be written ({error.strerror or error}). {advice}"
        raise KnownError(Code.DISK_ERROR, sentence) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def spare_stores(path: Path, *own: Path) -> None:
    """Makes sure that a file to be written does not take the place of what people's work lies in.

    That is a central store or a backup of one, by what the file holds, and `own` with what lies beside it.

    Raises:
        KnownError: `already_exists`.
    """
    target = Path(os.path.realpath(path))
    theirs = any(
        target.parent == mine.parent and target.name.startswith(mine.name)
        for mine in (Path(os.path.realpath(one)) for one in own)
    )
    if target.is_file() and (theirs or _is_store(target)):
        raise KnownError(
            Code.ALREADY_EXISTS,
            f"{path} is a file of FieldRep itself: nothing may be written over it. Name another file.",
        )


def _is_store(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_STORE)) == _STORE
    except OSError:
        return False
