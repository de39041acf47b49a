"""Takes the pictures of docs/dashboard.md in a real Chromium, of a made-up past.

python -m benchmarks.screenshots [--into docs/dashboard]
"""

import argparse
from pathlib import Path

from tests.web.chromium import open_chromium, open_tab
from tests.web.past import DONE
from tests.web.visitor import house

SIZE = {"width": 1040, "height": 760}
PICTURES = (
    ("overview", "/", "light"),
    ("run", f"/runs/{DONE}", "light"),
    ("acceptance", "/acceptance", "dark"),
    ("queue", "/queue", "light"),
)


def main() -> None:
    """Write one PNG for each picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=Path("docs/dashboard"))
    folder = parser.parse_args().into
    folder.mkdir(parents=True, exist_ok=True)
    with open_chromium() as browser, house() as ours:
        url = f"http://{ours.site.host}:{ours.site.port}"
        for name, path, scheme in PICTURES:
            with open_tab(browser, url, viewport=SIZE, color_scheme=scheme) as tab:
                tab.open(path)
                data = tab.page.screenshot(path=folder / f"{name}.png")
            print(f"{folder / name}.png {len(data) / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
