"""Real shapes of the bugs that our rules for Python are about, and their innocent neighbours."""

from tests.adapters.analyzers.cases import Case
from tests.adapters.analyzers.cases import python_function as f

CASES = (
    Case(
        "py-sort-result",
        bad=(
            f("ordered = items.sort()\nreturn ordered"),
            f("ordered = x.names.sort(key=str.lower)\nreturn ordered"),
            f("last = items.sort(key=len, reverse=True)"),
            f("for item in items.sort():\n    print(item)"),
        ),
        good=(
            f("items.sort()\nreturn items"),
            f("ordered = sorted(items)\nreturn ordered"),
            f("table = frame.sort('name')"),
            f("values, order = tensor.sort()"),
        ),
    ),
    Case(
        "py-shuffle-result",
        bad=(f("deck = random.shuffle(items)"), f("return random.shuffle(items)")),
        good=(f("random.shuffle(items)"), f("deck = random.sample(items, 3)")),
    ),
    Case(
        "py-append-result",
        bad=(
            f("items = items.append(x)"),
            f("self.rows = self.rows.extend(x)"),
        ),
        good=(
            f("items.append(x)"),
            f("df = df.append(x)"),
            f("path = base.append(x)"),
            f("arr = np.append(arr, x)"),
            f("seen = seen.insert(x)"),
        ),
    ),
    Case(
        "py-discarded-string",
        bad=(
            f("x.replace('a', 'b')\nreturn x"),
            f("x.name.replace(' ', sep)"),
            f("x.strip()\nreturn x"),
            f("x[0].upper()"),
        ),
        good=(
            f("x = x.replace('a', 'b')"),
            f("path.replace(target)"),
            f("frame.replace(old, new, inplace=True)"),
            f("moment.replace(hour=1)"),
            f("return x.strip()"),
            f("form.strip(x)"),
            f("rich_text.rstrip()"),
        ),
    ),
    Case(
        "py-discarded-sorted",
        bad=(f("sorted(items)\nreturn items"), f("sorted(items, key=len)")),
        good=(f("return sorted(items)"), f("print(sorted(items))")),
    ),
    Case(
        "py-target-called",
        bad=(
            "import threading\nt = threading.Thread(target=work())\n",
            "from multiprocessing import Process\np = Process(target=self.run(), daemon=True)\n",
        ),
        good=(
            "t = threading.Thread(target=work)\n",
            "t = threading.Thread(target=work, args=(compute(),))\n",
            "t = threading.Thread(target=make_worker())\n",
            "t = threading.Thread(target=functools.partial(work, 1))\n",
            "build(target=work())\n",
        ),
    ),
    Case(
        "py-length-always",
        bad=(
            f("if len(items) >= 0:\n    return 1"),
            f("while len(x.rows) < 0:\n    pass"),
            f("return 0 <= len(items)"),
        ),
        good=(f("if len(items) > 0:\n    return 1"), f("return len(x) >= len(y)")),
    ),
    Case(
        "py-join-absolute",
        bad=(
            f("return os.path.join(x, '/etc/app')"),
            f("return os.path.join(x, y, '/logs', 'a')"),
        ),
        good=(
            f("return os.path.join('/etc', x)"),
            f("return os.path.join(x, 'etc/app')"),
            f("return ','.join(x)"),
            f("return os.path.join(x, y.replace('/', '_'))"),
        ),
    ),
    Case(
        "py-exception-arguments",
        bad=(
            f("raise ValueError('no such key: %s', x)"),
            f("raise app.ConfigError('%d is too many', len(items))"),
        ),
        good=(
            f("raise ValueError('no such key: %s' % x)"),
            f("raise OSError(2, 'gone')"),
            f("raise ValueError('100% sure', x)"),
        ),
    ),
    Case(
        "py-unawaited-sleep",
        bad=(
            "import asyncio\nasync def wait():\n    asyncio.sleep(1)\n",
            "import asyncio\nasync def wait(c):\n    if c:\n        asyncio.wait_for(c, 2)\n",
        ),
        good=(
            "import asyncio\nasync def wait():\n    await asyncio.sleep(1)\n",
            "import asyncio\ndef wait():\n    return asyncio.sleep(1)\n",
            "import asyncio\nasync def wait():\n    t = asyncio.sleep(1)\n    await t\n",
        ),
    ),
    Case(
        "py-isinstance-swapped",
        bad=(f("return isinstance(str, x)"), f("if not isinstance(dict, items):\n    return")),
        good=(
            f("return isinstance(x, str)"),
            f("return isinstance(int, type)"),
            f("return isinstance(str, Hashable)"),
            f("return isinstance(bytes, bytes_)"),
        ),
    ),
    Case(
        "py-hmac-compare",
        bad=(
            f("return hmac.new(x, y, hashlib.sha256).hexdigest() == signature"),
            f("if signature != hmac.new(x, y, 'sha1').hexdigest():\n    raise ValueError"),
        ),
        good=(
            f("return hmac.compare_digest(hmac.new(x, y, 'sha1').hexdigest(), signature)"),
            f("return hashlib.sha256(x).hexdigest() == y"),
        ),
    ),
    Case(
        "py-random-secret",
        bad=(
            f("token = random.randint(0, 10)"),
            f("x.reset_token = ''.join(random.choice(letters) for _ in range(20))"),
            f("password = ''.join(random.sample(letters, 8))"),
        ),
        good=(
            f("token = secrets.token_hex(16)"),
            f("colour = random.choice(items)"),
            f("token_count = random.randint(0, 10)"),
            f("tokenizer = random.choice(items)"),
        ),
    ),
    Case(
        "py-changed-while-iterated",
        bad=(
            f("for item in items:\n    if item > x:\n        items.remove(item)"),
            f("for key in x.cache:\n    x.cache.pop(key)"),
        ),
        good=(
            f("for item in list(items):\n    items.remove(item)"),
            f("for item in items:\n    if item == x:\n        items.remove(item)\n        break"),
            f("for item in items:\n    x.remove(item)"),
        ),
    ),
    Case(
        "py-in-text",
        bad=(f("return x in ('admin')"), f("if x not in ('active'):\n    return 1")),
        good=(
            f("return x in ('admin',)"),
            f("return x in ('admin', 'owner')"),
            f("return 'a' in ('abc')"),
            f("return x in ('a b c')"),
            f("return x in 'abc'"),
        ),
    ),
    Case(
        "py-loop-past-end",
        bad=(
            f("for i in range(len(items) + 1):\n    print(items[i])"),
            f("total = 0\nfor i in range(len(x) + 1):\n    total += x[i]\nreturn total"),
        ),
        good=(
            f("for i in range(len(items)):\n    print(items[i])"),
            f("for i in range(len(items) + 1):\n    print(items[:i])"),
            f("for i in range(len(items) + 1):\n    if i < len(items):\n        print(items[i])"),
        ),
    ),
    Case(
        "py-default-now",
        bad=(
            "def log(text, when=datetime.now()):\n    pass\n",
            "def log(text, when: datetime = datetime.datetime.utcnow()):\n    pass\n",
            "def add(row, *, key: str = uuid.uuid4()):\n    pass\n",
        ),
        good=(
            "def log(text, when=None):\n    when = when or datetime.now()\n",
            "def log(text, clock=time.time):\n    pass\n",
            "log('a', when=datetime.now())\n",
        ),
    ),
    Case(
        "py-env-bool",
        bad=(
            "import os\nDEBUG = bool(os.environ.get('DEBUG'))\n",
            "import os\nDEBUG = bool(os.getenv('DEBUG', ''))\n",
        ),
        good=(
            "import os\nDEBUG = os.environ.get('DEBUG') == '1'\n",
            "import os\nDEBUG = bool(int(os.environ.get('DEBUG', '0')))\n",
        ),
    ),
    Case(
        "py-jwt-unverified",
        bad=(
            "claims = jwt.decode(raw, options={'verify_signature': False})\n",
            "claims = jwt.decode(raw, key, verify=False)\n",
        ),
        good=(
            "claims = jwt.decode(raw, key, algorithms=['HS256'])\n",
            "claims = jwt.decode(raw, key, options={'verify_aud': False})\n",
            "requests.get(url, verify=False)\n",
        ),
    ),
)
