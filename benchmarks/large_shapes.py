"""The functions that `large_package` writes: with holes for names and numbers, and their calls."""

NOUNS = (
    "parcel",
    "crate",
    "pallet",
    "order",
    "invoice",
    "shelf",
    "route",
    "driver",
    "depot",
    "label",
    "batch",
    "return",
    "refund",
    "courier",
    "scanner",
    "dock",
    "ramp",
    "lane",
    "weight",
    "volume",
)
SHAPES = (
    (
        '''\
def {name}(values, size={a}):
    """Return the sums of windows over the values of each {noun}."""
    sums = []
    for start in range(len(values) - size + 1):
        total = 0
        for value in values[start : start + size]:
            total += value
        sums.append(total)
    return sums
''',
        ("[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7]", "list(range(20))", "[1] * 12"),
    ),
    (
        '''\
def {name}(amount, is_member=False):
    """Return the price of a {noun} after its discount."""
    if amount < 0:
        raise ValueError("negative amount")
    if amount >= {a} * 100:
        rate = {b}
    elif amount >= {a} * 10 and is_member:
        rate = {b} // 2
    else:
        rate = 0
    price = amount - amount * rate // 100
    if is_member and price > {a}:
        price = price - {a}
    return price
''',
        ("{a} * 100", "{a} * 10, True", "{a} * 10", "{a}, True", "{a} * 50 + 1, True"),
    ),
    (
        '''\
def {name}(symbols):
    """Return the runs of a {noun}'s symbols as pairs of symbol and length."""
    runs = []
    current, length = None, 0
    for symbol in symbols:
        if symbol == current and length < {a}:
            length += 1
        else:
            if length > 0:
                runs.append((current, length))
            current, length = symbol, 1
    if length > 0:
        runs.append((current, length))
    return runs
''',
        ("'aaabbbbbbbbbbbbc'", "''", "'abab'", "'zzzzzzzzzzzzzzzzzzzzzz'"),
    ),
    (
        '''\
def {name}(left, right):
    """Merge two sorted lists of {noun} numbers, at most {a} more than the longer one."""
    merged = []
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    merged.extend(left[i:])
    merged.extend(right[j:])
    return merged[: max(len(left), len(right)) + {a}]
''',
        ("[1, 4, 9], [2, 3, 10]", "[], [5]", "[1, 1], [1]", "[7, 8, 9], [1, 2, 3, 4]"),
    ),
    (
        '''\
def {name}(rows, key):
    """Group the rows of a {noun} by a key and keep groups of two and more."""
    groups = {{}}
    for row in rows:
        value = row.get(key)
        if value is None:
            continue
        groups.setdefault(value, []).append(row["n"])
    kept = {{}}
    for value, numbers in sorted(groups.items()):
        if len(numbers) >= 2:
            kept[value] = sum(numbers) + {a}
    return kept
''',
        (
            "[{{'n': 1, 'k': 'x'}}, {{'n': 2, 'k': 'x'}}, {{'n': 3}}], 'k'",
            "[{{'n': 5, 'k': 1}}, {{'n': 6, 'k': 2}}], 'k'",
            "[{{'n': n, 'k': n % 3}} for n in range(9)], 'k'",
        ),
    ),
    (
        '''\
def {name}(numbers, wanted):
    """Return where a {noun} stands in a sorted list, or -{a} where it does not."""
    low, high = 0, len(numbers) - 1
    while low <= high:
        middle = (low + high) // 2
        if numbers[middle] == wanted:
            return middle
        if numbers[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return -{a}
''',
        ("[1, 3, 5, 7, 9], 9", "[1, 3, 5, 7, 9], 1", "[1, 3, 5, 7, 9], 4", "[], 1"),
    ),
    (
        '''\
def {name}(text):
    """Read `key=value` pairs of a {noun}, separated by `;`."""
    pairs = {{}}
    for part in text.split(";"):
        part = part.strip()
        if not part or part.startswith("#"):
            continue
        key, separator, value = part.partition("=")
        if not separator:
            pairs[key] = {a}
        elif value.isdigit():
            pairs[key.strip()] = int(value) * {b}
        else:
            pairs[key.strip()] = value.strip()
    return pairs
''',
        ("'a=1; b = x ;c'", "''", "'# no; k=22'", "'flag;flag2;n=0'"),
    ),
    (
        '''\
def {name}(minutes, start={a}):
    """Return hour and minute of a {noun} that takes so many minutes from its start hour."""
    hours, rest = divmod(minutes, 60)
    hour = start + hours
    if rest > 30:
        hour = hour + 1
        rest = 60 - rest
    days = hour // 24
    hour = hour % 24
    return days, hour, rest
''',
        ("0", "61", "95", "24 * 60", "1439", "30"),
    ),
    (
        '''\
class {kind}:
    """A {noun} that holds a balance of units."""

    def __init__(self, limit={b}):
        self.limit = limit
        self.units = 0
        self.refused = 0

    def put(self, units):
        if units <= 0 or self.units + units > self.limit:
            self.refused += 1
            return False
        self.units += units
        return True

    def take(self, units):
        taken = min(units, self.units)
        self.units -= taken
        return taken


def {name}(steps):
    """Play steps on a {noun}: positive ones are put, negative ones are taken."""
    held = {kind}()
    taken = 0
    for step in steps:
        if step >= 0:
            held.put(step)
        else:
            taken += held.take(-step)
    return held.units, held.refused, taken
''',
        ("[1, 2, -1]", "[{b}, 1]", "[5, -9, 0]", "[{b} - 1, 1, -{b}, 3]"),
    ),
    (
        '''\
def {name}(rows):
    """Return the sum of columns of a {noun}'s table, the longest row deciding."""
    width = max((len(row) for row in rows), default=0)
    sums = [0] * width
    for row in rows:
        for column, value in enumerate(row):
            sums[column] += value
    return [value for value in sums if value != {a}]
''',
        ("[[1, 2], [3], [4, 5, 6]]", "[]", "[[{a}], [0, {a}]]"),
    ),
)
CALLER = '''\
def {name}(items):
    """Do what `{callee}` does for every {noun}, and count what came of it."""
    results = []
    for item in items:
        result = {module}.{callee}(item)
        if result not in results:
            results.append(result)
    return len(results), results[-{a}:]
'''
