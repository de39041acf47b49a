"""The digest of a prompt: the same for the same question, in whichever run it is asked."""

import hashlib

from bot.domain.prompt import Prompt, Seal
from bot.domain.prompt_redaction import PromptRedactor

BOUNDARY = "the-boundary-of-replays"
"""In place of the random one that left: nothing is sent with it."""


class Digests:
    """Digests prompts as they may leave this process: with blocks apart and secrets gone."""

    def __init__(self, redactor: PromptRedactor) -> None:
        self._seal = Seal(BOUNDARY, redactor)

    def of(self, prompt: Prompt) -> tuple[str, int]:
        """Return the digest and how many bytes were asked."""
        sealed = self._seal.sealed(prompt)
        text = "\0".join((sealed.text, sealed.predicted, str(prompt.max_reply_tokens)))
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.sha256(data).hexdigest(), len(sealed.text.encode("utf-8", "replace"))
