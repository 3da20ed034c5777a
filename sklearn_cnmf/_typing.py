"""Names for types."""

from typing import TYPE_CHECKING, Any, TypeAlias

# Of a field that may be None, but is not where it is used: `np.ndarray | MaybeNone`.
# Type checkers then don't ask for a check, as for such results in typeshed.
if TYPE_CHECKING:
    MaybeNone: TypeAlias = Any
else:
    MaybeNone = None
