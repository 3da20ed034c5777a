"""How numbers of things are written."""


def number_of(number: int, what: str, several: str | None = None) -> str:
    """Write how many there are of what: "1 trial", "2 trials"."""
    if number == 1:
        return f"1 {what}"
    return f"{number} {several or what + 's'}"
