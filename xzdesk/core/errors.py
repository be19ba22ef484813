"""The two exceptions a caller may show; every other exception is a fault of the program."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend.

    ``code`` is a stable identifier for tests, logs and scripts (``package.truncated``); ``message`` says in
    Chinese what happened and where; ``hint`` says what to do. Neither may hold personal data of a register
    (heads of household, addresses) nor any key.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str, str]]:
        # An exception is rebuilt from its args otherwise, and crosses from one process to another without them.
        return UserError, (self.code, self.message, self.hint)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """The user stopped the work; whatever was begun has been undone.

    Its text, if any, says what to do about what is left.
    """
