"""A server on this machine that answers as GitHub's REST API does, for the repositories of a class.

Paths, fields, headers and status codes are those of docs.github.com: "List organization repositories", "Get a
repository", "List repository activities", "Get a commit", "Get a tree", "Get a blob", "Rate limits for the REST API".
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "a-token"
NEVER = "0" * 40


def sha(content: object) -> str:
    return hashlib.sha1(repr(content).encode()).hexdigest()


@dataclass
class Repository:
    """A repository and its history; `refuse` is the status of every answer about it but the list's."""

    name: str
    owner: str = "school"
    branch: str = "main"
    created_at: str = "2026-10-01T08:00:00Z"
    is_template: bool = False
    refuse: int | None = None
    pushed_at: str | None = None
    head: str | None = None
    activity: list[dict] = field(default_factory=list)  # the newest first
    commits: dict[str, dict] = field(default_factory=dict)  # a commit's files: path -> (mode, bytes)
    truncated: bool = False
    lost: set[bytes] = field(default_factory=set)  # contents that GitHub does not give out

    def push(self, time: str, files: dict[str, bytes], kind: str = "push", branch: str | None = None) -> str:
        """Push a commit with these files, which takes the place of what was there; gives its name."""
        files = {path: entry if isinstance(entry, tuple) else ("100644", entry) for path, entry in files.items()}
        commit = sha((self.name, time, files))
        ref = f"refs/heads/{branch or self.branch}"
        before = self.head or NEVER
        self.activity.insert(
            0, {"before": before, "after": commit, "ref": ref, "timestamp": time, "activity_type": kind}
        )
        self.commits[commit], self.pushed_at = files, time
        if branch in (None, self.branch):
            self.head = commit
        return commit

    def facts(self) -> dict:
        return {
            "name": self.name,
            "full_name": f"{self.owner}/{self.name}",
            "default_branch": self.branch,
            "is_template": self.is_template,
            "created_at": self.created_at,
            "pushed_at": self.pushed_at or self.created_at,
        }


class GitHub:
    """The server's side: what there is, what was asked, and answers that come before all others."""

    def __init__(self, repositories: list[Repository]):
        self.repositories = {f"{r.owner}/{r.name}": r for r in repositories}
        self.moved: dict[str, str] = {}  # a repository's old name: its new one
        self.asked: list[str] = []
        self.signed: list[bool] = []  # whether each request bore the token
        self.first: list[tuple[int, dict, object]] = []  # answers (status, headers, body) to the next requests
        self.url = ""

    def answer(self, path: str, query: dict[str, str], form: str) -> tuple[int, dict, object]:
        """(status, headers, body) of a request."""
        kind, *rest = path.strip("/").split("/")
        if kind == "orgs":
            listed = [r.facts() for r in self.repositories.values() if r.owner == rest[0]]
            return self.page(path, listed, query, "page") if listed else refused(404)
        name, below = "/".join(rest[:2]), rest[2:]
        if name in self.moved:
            return 301, {"Location": f"{self.url}/repos/{'/'.join([self.moved[name], *below])}"}, {}
        repository = self.repositories.get(name)
        if repository is None or repository.refuse:
            return refused(repository.refuse if repository else 404)
        return self.about(repository, path, below, query, form)

    def about(self, it: Repository, path: str, below: list[str], query: dict, form: str) -> tuple[int, dict, object]:
        match below:
            case []:
                return 200, {}, it.facts()
            case ["activity"]:
                found = [one for one in it.activity if one["ref"] == query.get("ref", one["ref"])]
                return self.page(path, found, query, "after")
            case ["commits", "heads", *branch]:
                if not it.commits:
                    return 409, {}, {"message": "Git Repository is empty."}
                found = it.head if "/".join(branch) == it.branch else None
                assert form == "application/vnd.github.sha"
                return (200, {}, found.encode()) if found else refused(422)
            case ["git", "trees", commit] if commit in it.commits:
                deep = "recursive" in query
                tree = [
                    {"path": path, "mode": mode, "type": "blob", "sha": sha(content)}
                    for path, (mode, content) in it.commits[commit].items()
                    if deep or "/" not in path
                ]
                if deep and it.truncated:
                    tree = []
                return 200, {}, {"sha": commit, "tree": tree, "truncated": deep and it.truncated}
            case ["git", "blobs", blob]:
                contents = [content for files in it.commits.values() for _, content in files.values()]
                assert form == "application/vnd.github.raw"
                return next(
                    ((200, {}, content) for content in contents if sha(content) == blob and content not in it.lost),
                    refused(404),
                )
        return refused(404)

    def page(self, path: str, entries: list, query: dict[str, str], cursor: str) -> tuple[int, dict, object]:
        """A page of a list, and a Link header that leads to the next one."""
        size, start = min(int(query.get("per_page", 30)), 100), int(query.get(cursor, 0))
        rest = "".join(f"&{key}={value}" for key, value in query.items() if key != cursor)
        more = f'<{self.url}{path}?{cursor}={start + size}{rest}>; rel="next"'
        return 200, {"Link": more} if start + size < len(entries) else {}, entries[start : start + size]


def refused(status: int) -> tuple[int, dict, object]:
    return status, {}, {"message": "No.", "documentation_url": "https://docs.github.com/rest"}


@contextmanager
def serving(github: GitHub) -> Iterator[GitHub]:
    """Have it answer on 127.0.0.1 until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one piece: in several, each waits 40 ms for the other side

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            github.asked.append(self.path)
            github.signed.append("Authorization" in self.headers)
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, headers, body = 401, {}, {"message": "Bad credentials"}
            elif github.first:
                status, headers, body = github.first.pop(0)
            else:
                status, headers, body = github.answer(unquote(parts.path), query, self.headers["Accept"])
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        github.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield github
        server.shutdown()
