"""A person with a browser: forms are filled in and sent, wherever they go."""

import html
import re
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from tests.web.server import Reply, Site, site_of

FORM = {"kind": "fix", "name": "shop-reviews", "public_url": "https://bot.example.org"}


@dataclass
class Browser:
    """It is on one site, and goes to another where a form does."""

    site: Site

    def get(self, path: str, **headers: str) -> Reply:
        return self.site.request("GET", path, headers=headers)

    def get_from(self, url: str, path: str) -> Reply:
        return site_of(url).request("GET", path)

    def post(self, url: str, fields: dict[str, str]) -> Reply:
        parts = urlsplit(url)
        where = site_of(url) if parts.netloc else self.site
        head = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "a browser"}
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return where.request("POST", path, urlencode(fields).encode(), head)

    def hand_over(self, form: dict[str, str]) -> tuple[str, str]:
        """Fill in the form; return where the manifest goes, and the manifest."""
        page = self.post("/setup", form)
        assert page.status == 200, page.body.decode()
        target, sent = re.findall(r'(?:action|value)="([^"]+)"', page.body.decode())
        return html.unescape(target), html.unescape(sent)

    def confirm(self, form: dict[str, str]) -> str:
        """Confirm on GitHub; return where it sends the person, path and query."""
        target, sent = self.hand_over(form)
        answer = self.post(target, {"manifest": sent})
        assert answer.status == 302, answer.body.decode()
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"
