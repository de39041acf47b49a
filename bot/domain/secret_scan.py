"""Whether a text may leave at all: what looks like a secret is reason enough to keep it here.

A prompt is cleaned and sent, a training text is not: what a pattern found once may stand elsewhere
in a form that it misses, and what was learned cannot be called back.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.redaction import INSTEAD, Redactor

_LOOKS = Redactor()
_NAMES = "(?:password|passwd|secret|api_?key|access_?key|auth_?token|private_?key)"
_GIVEN = r"[bru]{0,2}[\"'][^\"'\s{}$<>]{8,}[\"']"
_MORE = re.compile(
    "|".join(
        (
            r"\bsk-[A-Za-z0-9_-]{20,}",
            r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,}",
            r"\bAIza[A-Za-z0-9_-]{30,}",
            r"\bnpm_[A-Za-z0-9]{30,}",
            r"\bpypi-[A-Za-z0-9_-]{30,}",
            r"\bhf_[A-Za-z0-9]{30,}",
            r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
            rf"(?i:\b[\w-]{{0,40}}{_NAMES}[\w-]{{0,40}}[\"']?\s{{0,4}}(?:=|:|=>)\s{{0,4}}{_GIVEN})",
        )
    )
)


@dataclass(frozen=True, slots=True)
class SecretScan:
    """Knows the secrets of this process, and what others look like; its `repr` shows none."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    _known: Redactor = field(init=False, repr=False, compare=False)
    _prompts: PromptRedactor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_known", Redactor(self.secrets))
        object.__setattr__(self, "_prompts", PromptRedactor(self.secrets))

    def finds(self, texts: Iterable[str]) -> bool:
        """Tell whether a secret is in one of the texts, or stood there and was taken out."""
        return any(self._is_in(text) for text in texts)

    def _is_in(self, text: str) -> bool:
        return (
            INSTEAD in text
            or self._known.knows(text)
            or self._prompts.redact(text).count > 0
            or _LOOKS.clean(text) != text
            or _MORE.search(text) is not None
        )
