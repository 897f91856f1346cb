"""Steps: what is done to the order that is shown, each a command; which are not answered yet, and what waits for that.

Owns the banner that says why something was not done. What a step is, and what follows it, is the editor's.
"""

from collections.abc import Callable
from typing import Any

from shiboken6 import isValid

from fieldrep.commands.done import Done
from fieldrep.ui.desk import sentence_of
from fieldrep.ui.runner import Runner
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner

Failed = Callable[[Exception], None]


class Steps:
    """Nothing that ends an order goes on top of a step that may be refused still: see `after`."""

    def __init__(self, runner: Runner) -> None:
        self.problem = Banner(name="order_problem")
        self._runner = runner
        self._under_way = 0
        self._then: Callable[[], None] | None = None
        self._standing = ("", "")

    def run(
        self,
        command: Callable[..., Any],
        done: Callable[[Done], None] | None = None,
        failed: Failed | None = None,
        **kw: Any,
    ) -> None:
        """A step that was done takes away why the one before it was not; nobody is told after the window closed."""

        def finished(outcome: Done) -> None:
            if not isValid(self.problem):
                return
            self.clear()
            if done is not None:
                done(outcome)
            self._answered()

        def refused(error: Exception) -> None:
            if not isValid(self.problem):
                return
            (failed or self.fail)(error)
            self._answered()

        self._under_way += 1
        self._runner.command(command, initiator=None, done=finished, failed=refused, **kw)

    def after(self, go: Callable[[], None]) -> None:
        """Runs `go` once every step is answered; one that waits gives way to a newer one."""
        if self._under_way:
            self._then = go
        else:
            go()

    def fail(self, error: Exception) -> None:
        """Why a step was not done."""
        self.problem.say("Not done", sentence_of(error), Tone.DANGER)

    def stand(self, heading: str, sentences: str) -> None:
        """Entries that stand nowhere else: they are told until somebody puts them away."""
        self._standing = (heading, sentences)
        self.clear()

    def clear(self) -> None:
        """What was not done is no longer told, but for what stands nowhere else."""
        if self._standing[0]:
            self.problem.say(*self._standing, Tone.DANGER)
        else:
            self.problem.clear()

    def put_away(self) -> None:
        """Esc, or another order: nothing is told any more."""
        self._standing = ("", "")
        self.problem.clear()

    def forget(self) -> None:
        """Another order comes: nothing waits for this one's steps."""
        self._then = None
        self.put_away()

    @property
    def standing(self) -> str:
        """The heading of what stands nowhere else, "" for nothing."""
        return self._standing[0]

    def _answered(self) -> None:
        self._under_way -= 1
        if not self._under_way and self._then is not None:
            then, self._then = self._then, None
            then()
