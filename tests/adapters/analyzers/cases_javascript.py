"""Real shapes of the bugs that our rules for JavaScript and TypeScript are about."""

from tests.adapters.analyzers.cases import Case

CASES = (
    Case(
        "js-nan-compare",
        bad=("if (total == NaN) { stop(); }\n", "const gone = NaN === parse(x);\n"),
        good=("if (Number.isNaN(total)) { stop(); }\n", "const limit = NaN;\n"),
    ),
    Case(
        "js-nan-compare-not",
        bad=("if (total !== NaN) { go(); }\n", "const ok = NaN != x;\n"),
        good=("if (!Number.isNaN(total)) { go(); }\n", "const ok = x !== null;\n"),
    ),
    Case(
        "js-index-of-truth",
        bad=(
            "if (name.indexOf('x')) { go(); }\n",
            "if (this.items.indexOf(item)) go();\n",
        ),
        good=(
            "if (name.indexOf('x') !== -1) { go(); }\n",
            "if (!name.indexOf('x')) { startsWithX(); }\n",
            "if (~name.indexOf('x')) { go(); }\n",
        ),
    ),
    Case(
        "js-async-for-each",
        bad=(
            "items.forEach(async (item) => { await save(item); });\n",
            "this.users.forEach(async function (user) { await mail(user); });\n",
        ),
        good=(
            "items.forEach((item) => save(item));\n",
            "await Promise.all(items.map(async (item) => save(item)));\n",
        ),
    ),
    Case(
        "js-map-parse-int",
        bad=(
            "const n = parts.map(parseInt);\n",
            "const n = 'a,b'.split(',').map(Number.parseInt);\n",
        ),
        good=("const n = parts.map(Number);\n", "const n = parts.map((p) => parseInt(p, 10));\n"),
    ),
    Case(
        "js-command-injection",
        bad=(
            "exec(`git log ${branch}`, done);\n",
            "child_process.execSync('rm -rf ' + folder);\n",
            "execSync(`tar xf ${file}`);\n",
        ),
        good=(
            "exec('git status', done);\n",
            "execFile('git', ['log', branch], done);\n",
            "const m = /a/.exec(`x${y}`);\n",
            "pattern.exec('a' + b);\n",
        ),
    ),
    Case(
        "js-eval",
        bad=("const v = eval(req.body.code);\n", "const f = new Function('a', body);\n"),
        good=("const v = eval('1 + 1');\n", "const v = JSON.parse(text);\n", "evaluate(x);\n"),
    ),
    Case(
        "js-inner-html",
        bad=(
            "box.innerHTML = message;\n",
            "box.innerHTML = `<b>${user.name}</b>`;\n",
            "box.insertAdjacentHTML('beforeend', '<li>' + name + '</li>');\n",
        ),
        good=(
            "box.innerHTML = '';\n",
            "box.textContent = message;\n",
            "box.innerHTML = DOMPurify.sanitize(message);\n",
            "box.innerHTML = `<b>${escapeHtml(name)}</b>`;\n",
            "box.innerHTML = TEMPLATE;\n",
        ),
    ),
    Case(
        "js-random-secret",
        bad=(
            "const token = Math.random().toString(36).slice(2);\n",
            "user.sessionId = 'u' + Math.random();\n",
            "const row = { apiKey: Math.random() };\n",
        ),
        good=(
            "const token = crypto.randomUUID();\n",
            "const x = Math.random() * width;\n",
            "const tokens_left = Math.random();\n",
        ),
    ),
    Case(
        "js-typeof-typo",
        bad=(
            "if (typeof x === 'undefned') { go(); }\n",
            "const isText = typeof x == 'String';\n",
            "if ('array' === typeof x) { go(); }\n",
        ),
        good=("if (typeof x === 'undefined') { go(); }\n", 'if (typeof x !== "function") go();\n'),
    ),
    Case(
        "js-typeof-undefined",
        bad=("if (typeof x === undefined) { go(); }\n", "return_(typeof a.b === undefined);\n"),
        good=("if (typeof x === 'undefined') { go(); }\n", "if (x === undefined) { go(); }\n"),
    ),
    Case(
        "js-async-executor",
        bad=(
            "const p = new Promise(async (resolve) => { resolve(await load()); });\n",
            "run(new Promise(async function (ok, no) { ok(await load()); }));\n",
        ),
        good=(
            "const p = new Promise((resolve) => setTimeout(resolve, 5));\n",
            "const p = (async () => load())();\n",
        ),
    ),
    Case(
        "js-timer-text",
        bad=("setTimeout('tick()', 100);\n", "window.setInterval(`tick(${n})`, 100);\n"),
        good=("setTimeout(tick, 100);\n", "setInterval(() => tick('a'), 100);\n"),
    ),
    Case(
        "js-tls-unverified",
        bad=(
            "const agent = new https.Agent({ rejectUnauthorized: false });\n",
            "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';\n",
        ),
        good=(
            "const agent = new https.Agent({ rejectUnauthorized: true });\n",
            "process.env.NODE_ENV = '0';\n",
        ),
    ),
    Case(
        "js-sql-injection",
        bad=(
            "db.query(`SELECT * FROM users WHERE name = '${name}'`, done);\n",
            "await pool.execute('DELETE FROM users WHERE id = ' + id);\n",
            "await prisma.$queryRawUnsafe(`SELECT id FROM t WHERE a = ${a}`);\n",
        ),
        good=(
            "db.query('SELECT * FROM users WHERE name = ?', [name], done);\n",
            "db.query(`SELECT * FROM ${TABLE} WHERE id = $1`, [id]);\n",
            "await prisma.$queryRaw`SELECT id FROM t WHERE a = ${a}`;\n",
            "log.query(`select ${name} please`);\n",
        ),
    ),
    Case(
        "js-compare-new-object",
        bad=("if (rows === []) { none(); }\n", "const has = x !== {};\n", "if (x == {}) go();\n"),
        good=("if (rows.length === 0) { none(); }\n", "const x = y || {};\n"),
    ),
    Case(
        "js-assigned-condition",
        bad=("if (state = 'done') { stop(); }\n", "if (user.id = other) { go(); }\n"),
        good=(
            "if (state === 'done') { stop(); }\n",
            "if ((m = next)) { go(m); }\n",
            "if (m = re.exec(text)) { go(m); }\n",
            "while (node = node.next) { go(); }\n",
        ),
    ),
    Case(
        "js-in-array",
        bad=("if (role in ['admin', 'owner']) { go(); }\n", "const ok = 'a' in [b];\n"),
        good=("if ('a' in options) { go(); }\n", "for (const k in [1, 2]) { go(k); }\n"),
    ),
    Case(
        "js-negated-operand",
        bad=("if (!key in map) { add(); }\n", "if (!error instanceof Missing) { throw error; }\n"),
        good=("if (!(key in map)) { add(); }\n", "if (!isOn) { go(); }\n"),
    ),
    Case(
        "js-length-always",
        bad=("if (rows.length >= 0) { go(); }\n", "while (a.b.length < 0) { go(); }\n"),
        good=("if (rows.length > 0) { go(); }\n", "if (rows.length >= 1) { go(); }\n"),
    ),
    Case(
        "js-discarded-string",
        bad=(
            "name.trim();\nsave(name);\n",
            "this.text.replace(/a/g, 'b');\n",
            "title.toUpperCase();\n",
        ),
        good=(
            "name = name.trim();\n",
            "router.replace('/login', options);\n",
            "location.replace(url);\n",
            "const up = title.toUpperCase();\n",
        ),
    ),
    Case(
        "js-self-assigned",
        bad=("total = total;\n", "function f(a, b) { b = b; }\n"),
        good=("total = subtotal;\n", "image.src = image.src;\n", "const a = { b: b };\n"),
    ),
)
