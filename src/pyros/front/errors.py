"""How a command says that it can't."""


class CannotDo(Exception):
    """The command can't be carried out; the text says why and what helps. `exit_code` 1, or 2 for wrong input."""

    def __init__(self, sentence: str, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
