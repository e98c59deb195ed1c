"""GitHub's REST API, as far as reading repositories goes: every page, patience with limits, and refusals as errors."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import requests

from autograder.errors import CannotGrade, NotGraded, UsageError

JSON, RAW, SHA = (f"application/vnd.github.{kind}" for kind in ("json", "raw", "sha"))  # forms of an answer
ATTEMPTS = 5
LONGEST = 3700.0  # seconds; GitHub counts requests by the hour
MEANS = {403: ": the token may not read that", 404: ": there is none, or the token may not read it"}


class Refused(NotGraded):
    """GitHub did not give what was asked for: `status` is its answer's."""

    def __init__(self, status: int, path: str):
        super().__init__(f"GitHub answered {status} to {path}{MEANS.get(status, '')}")
        self.status = status


class GitHub:
    """What a token may read. Raises CannotGrade when GitHub cannot be reached, UsageError when it refuses the token."""

    def __init__(self, url: str, token: str):
        self.url, self.token = url, token
        self.session = requests.Session()
        # A function, so that no .netrc takes its place. A renamed repository's answer points to its new address, and
        # requests follows with the token on the same host only.
        self.session.auth = self.sign
        self.session.headers.update({"X-GitHub-Api-Version": "2022-11-28", "User-Agent": "gpt2-autograder"})

    def sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Show the token to GitHub, and to no other server that an answer may point to."""
        if str(request.url).startswith(f"{self.url}/"):
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def get(self, path: str, form: str = JSON, **asked: Any) -> requests.Response:
        """The answer to a path, or to the whole address of a next page. Raises Refused."""
        url = f"{self.url}{path}" if path.startswith("/") else path
        status, pause = 0, 0.0
        for attempt in range(ATTEMPTS):
            wait(pause)
            try:
                answer = self.session.get(url, params=asked, headers={"Accept": form}, timeout=(10, 60))
            except requests.RequestException:  # no answer at all: it is asked for again 1, 2, 4 and 8 seconds later
                status, pause = 0, 2.0**attempt
                continue
            if answer.ok:
                return answer
            status, pause = answer.status_code, pause_told(answer, attempt)
            if not pause:
                break
        if status == 401:
            raise UsageError("GitHub does not accept the token. Set GITHUB_TOKEN to one that has not expired.")
        if not status:
            raise CannotGrade(f"GitHub cannot be reached at {self.url}. Try again later.")
        raise Refused(status, path)

    def pages(self, path: str, **asked: Any) -> Iterator[Any]:
        """The entries of a list, page after page as its Link header tells. Raises Refused."""
        asked["per_page"] = 100
        while path:
            answer = self.get(path, **asked)
            yield from data(answer, list)
            path, asked = answer.links.get("next", {}).get("url", ""), {}


def data(answer: requests.Response, kind: type = dict) -> Any:
    """What an answer holds. Raises CannotGrade for one that is not of that kind, as from a proxy's page."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, kind):
        raise CannotGrade(f"{answer.url} does not answer as GitHub does.")
    return found


def pause_told(answer: requests.Response, attempt: int) -> float:
    """Seconds to wait before asking again, as GitHub's page about its limits says; 0 when the answer stands."""
    if answer.status_code >= 500:
        return 2.0**attempt
    if answer.status_code not in (403, 429):
        return 0.0
    after, reset = answer.headers.get("retry-after", ""), answer.headers.get("x-ratelimit-reset", "")
    if after.isdecimal():
        return min(float(after) + 1, LONGEST)
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return min(max(float(reset) - time.time(), 0) + 1, LONGEST)
    limited = answer.status_code == 429 or "rate-limits" in answer.text  # it names the address of that page
    return 60.0 * 2**attempt if limited else 0.0


def wait(seconds: float) -> None:
    """Wait, and say so when it takes long."""
    if seconds > 10:
        until = time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))
        print(f"autograder: GitHub asks for a pause; going on at {until}.", file=sys.stderr, flush=True)
    time.sleep(seconds)
