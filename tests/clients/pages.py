"""A served Khula and a sign-in in; its pages as a browser without JavaScript gets them out."""

import http.client
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode


@dataclass
class Reader:
    """Somebody who reads pages: one connection, cookies kept."""

    host: str
    cookies: dict[str, str] = field(default_factory=dict)
    _line: http.client.HTTPConnection | None = None

    def sign_in(self, username: str, password: str) -> None:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get("/sign-in"))
        assert token is not None, "the sign-in page has no form"
        said = {"csrfmiddlewaretoken": token[1], "username": username, "password": password}
        status, _ = self._ask("POST", "/sign-in", urlencode(said))
        assert status == 302, f"sign-in answered {status}"

    def get(self, path: str) -> str:
        status, body = self._ask("GET", path)
        assert status == 200, f"GET {path} answered {status}"
        return body

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        if self._line is None:
            self._line = http.client.HTTPConnection(self.host, timeout=30)
        said = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            said |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}"}
        self._line.request(method, path, body, said)
        answer = self._line.getresponse()
        for header in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return answer.status, answer.read().decode()
