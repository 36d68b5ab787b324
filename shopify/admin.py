"""The one client of Shopify's Admin API: named documents in, answers as values out.

The request is ours rather than `shopify_app`'s, which drops the data that comes beside errors, the
wait that a throttled answer asks for, and the difference between a request that never left and one
whose answer was lost.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from random import SystemRandom

import httpx
import structlog

from shopify.answers import Answer, Later, Problem, TokenRejected, Trouble, read_answer
from shopify.token_rows import AccessToken, NoToken
from shopify.tokens import TokenStore
from shopify.transport import AnswerLostError, NotSentError

log = structlog.get_logger(__name__)

API_VERSION = "2026-10"
DOCUMENTS = Path(__file__).parent / "documents"
# What a person waits for in front of a page; jobs may give more.
PATIENCE_SECONDS = 8.0
MOST_TRIES = 5
LONGEST_WAIT_SECONDS = 20.0
_FIRST_WAIT_SECONDS = 0.3
_dice = SystemRandom()


class AdminApi:
    """Asks Shopify on behalf of one shop at a time; threads may share it."""

    def __init__(self, http: httpx.Client, tokens: TokenStore) -> None:
        self._http = http
        self._tokens = tokens
        self._documents = {
            path.stem: path.read_text("utf-8") for path in DOCUMENTS.glob("*.graphql")
        }

    def run(
        self,
        shop_id: uuid.UUID,
        document_name: str,
        variables: Mapping[str, object] | None = None,
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> Answer:
        """Run one of our documents. A change is never repeated once it may have been made.

        Args:
            shop_id: whose token to use; the session of the caller should be closed.
            document_name: a file in documents/ without its ending.
            variables: as JSON.
            patience: seconds after which nothing is tried again.

        Raises:
            KeyError: there is no such document.
        """
        document = self._documents[document_name]
        only_asks = document.lstrip().startswith("query")
        deadline = time.monotonic() + patience
        token = self._tokens.access_token(shop_id)
        renewed = False
        for attempt in range(1, MOST_TRIES + 1):
            if isinstance(token, NoToken):
                return Answer(None, problem=Problem(Trouble.NOT_CONNECTED, token.sentence))
            outcome = self._ask(token, document, document_name, variables)
            if isinstance(outcome, Answer):
                return outcome
            if isinstance(outcome, TokenRejected):
                if renewed:
                    return Answer(None, problem=Problem.of(Trouble.NOT_CONNECTED))
                token, renewed = self._tokens.access_token(shop_id, rejected=token.value), True
                continue
            if not (only_asks or outcome.untouched):
                return Answer(None, problem=Problem.of(Trouble.MAYBE_DONE))
            wait = _wait(outcome, attempt)
            if attempt == MOST_TRIES or time.monotonic() + wait > deadline:
                return Answer(None, problem=outcome.problem)
            time.sleep(wait)
        return Answer(None, problem=Problem.of(Trouble.BUSY))

    def _ask(
        self,
        token: AccessToken,
        document: str,
        name: str,
        variables: Mapping[str, object] | None,
    ) -> Answer | Later | TokenRejected:
        began = time.monotonic()
        try:
            response = self._http.post(
                f"https://{token.shop_domain}/admin/api/{API_VERSION}/graphql.json",
                headers={"X-Shopify-Access-Token": token.value, "Accept": "application/json"},
                json={"query": document, "operationName": name, "variables": dict(variables or {})},
            )
        except NotSentError as problem:
            log.warning("shopify_unreachable", document=name, problem=str(problem))
            return Later(None, Problem.of(Trouble.UNREACHABLE), untouched=True)
        except AnswerLostError as problem:
            log.warning("shopify_answer_lost", document=name, problem=str(problem))
            return Later(None, Problem.of(Trouble.UNREACHABLE), untouched=False)
        outcome = read_answer(response)
        log.info(
            "shopify_asked",
            document=name,
            status=response.status_code,
            milliseconds=round((time.monotonic() - began) * 1000),
            outcome=type(outcome).__name__,
            request_id_there=response.headers.get("X-Request-Id"),
        )
        return outcome


def _wait(outcome: Later, attempt: int) -> float:
    """Wait as long as Shopify says, else twice as long each time; never all at one moment."""
    told = outcome.seconds
    seconds = _FIRST_WAIT_SECONDS * 2 ** (attempt - 1) if told is None else told
    return float(min(seconds, LONGEST_WAIT_SECONDS) + _dice.uniform(0, 0.1))
