"""Real shapes of the bugs that our rules for Go are about, and their innocent neighbours."""

from tests.adapters.analyzers.cases import Case
from tests.adapters.analyzers.cases import go_function as f

_RAND = 'import "math/rand"'
_CRYPTO = 'import "crypto/rand"'

CASES = (
    Case(
        "go-defer-in-loop",
        bad=(
            f("for _, n := range names {\n\tf, _ := os.Open(n)\n\tdefer f.Close()\n}"),
            f("for i := 0; i < 3; i++ {\n\tmu.Lock()\n\tdefer mu.Unlock()\n}"),
        ),
        good=(
            f("f, _ := os.Open(x)\ndefer f.Close()"),
            f(
                "for _, n := range names {\n\tfunc() {\n\t\tf := open(n)\n"
                "\t\tdefer f.Close()\n\t}()\n}"
            ),
        ),
    ),
    Case(
        "go-tls-unverified",
        bad=(
            f("c := &tls.Config{InsecureSkipVerify: true}\nuse(c)"),
            f("config.InsecureSkipVerify = true"),
        ),
        good=(
            f("c := &tls.Config{InsecureSkipVerify: false}\nuse(c)"),
            f("c := &tls.Config{}\nuse(c)"),
        ),
    ),
    Case(
        "go-ssh-unverified",
        bad=(f("c := ssh.ClientConfig{HostKeyCallback: ssh.InsecureIgnoreHostKey()}\nuse(c)"),),
        good=(f("c := ssh.ClientConfig{HostKeyCallback: ssh.FixedHostKey(key)}\nuse(c)"),),
    ),
    Case(
        "go-random-secret",
        bad=(
            f("token := rand.Intn(1000000)\nuse(token)", imports=_RAND),
            f("user.resetToken = strconv.Itoa(rand.Int())", imports=_RAND),
        ),
        good=(
            f("token, _ := rand.Int(rand.Reader, max)\nuse(token)", imports=_CRYPTO),
            f("delay := rand.Intn(10)\nuse(delay)", imports=_RAND),
        ),
    ),
    Case(
        "go-shell-injection",
        bad=(
            f('c := exec.Command("sh", "-c", "ls "+x)\nc.Run()'),
            f('c := exec.Command("/bin/bash", "-c", fmt.Sprintf("ls %s", x))\nc.Run()'),
            f('c := exec.CommandContext(ctx, "bash", "-lc", "ls "+x)\nc.Run()'),
        ),
        good=(
            f('c := exec.Command("ls", x)\nc.Run()'),
            f('c := exec.Command("sh", "-c", "ls | wc")\nc.Run()'),
        ),
    ),
    Case(
        "go-close-before-check",
        bad=(
            f("resp, err := http.Get(x)\ndefer resp.Body.Close()\nif err != nil {\n\treturn\n}"),
            f("resp, err = client.Do(req)\ndefer resp.Body.Close()"),
        ),
        good=(
            f("resp, err := http.Get(x)\nif err != nil {\n\treturn\n}\ndefer resp.Body.Close()"),
        ),
    ),
    Case(
        "go-sql-injection",
        bad=(
            f(
                "rows, err := db.Query(fmt.Sprintf(\"SELECT a FROM t WHERE n = '%s'\", x))\n"
                "use(rows, err)"
            ),
            f('db.ExecContext(ctx, "DELETE FROM t WHERE n = \'"+x+"\'")'),
        ),
        good=(
            f('rows, err := db.Query("SELECT a FROM t WHERE n = $1", x)\nuse(rows, err)'),
            f('db.Exec("DELETE FROM " + TABLE + " WHERE n = 1")'),
            f('log.Query(fmt.Sprintf("looking for %s", x))'),
        ),
    ),
    Case(
        "go-add-in-goroutine",
        bad=(f("go func() {\n\twg.Add(1)\n\tdefer wg.Done()\n\twork()\n}()\nwg.Wait()"),),
        good=(
            f("wg.Add(1)\ngo func() {\n\tdefer wg.Done()\n\twork()\n}()\nwg.Wait()"),
            f("go func() {\n\ttotal.Add(1)\n}()"),
        ),
    ),
    Case(
        "go-deferred-lock",
        bad=(f("mu.Lock()\ndefer mu.Lock()"), f("s.mu.Lock()\ndefer s.mu.Lock()")),
        good=(f("mu.Lock()\ndefer mu.Unlock()"), f("mu.Unlock()\ndefer mu.Lock()")),
    ),
    Case(
        "go-deferred-read-lock",
        bad=(f("mu.RLock()\ndefer mu.RLock()"),),
        good=(f("mu.RLock()\ndefer mu.RUnlock()"), f("mu.RUnlock()\ndefer mu.RLock()")),
    ),
    Case(
        "go-discarded-string",
        bad=(
            f("strings.TrimSpace(x)\nuse(x)"),
            f('strings.ReplaceAll(x, "a", "b")'),
            f('fmt.Sprintf("%s", x)'),
        ),
        good=(f("x = strings.TrimSpace(x)\nuse(x)"), f('fmt.Printf("%s", x)')),
    ),
    Case(
        "go-discarded-error",
        bad=(
            f('if x == "" {\n\terrors.New("empty")\n}'),
            f('fmt.Errorf("bad name %q", x)'),
        ),
        good=(
            f('return errors.New("empty")', result="error"),
            f('err := fmt.Errorf("a")\nuse(err)'),
        ),
    ),
    Case(
        "go-lost-cancel",
        bad=(
            f("ctx, _ := context.WithTimeout(parent, limit)\nuse(ctx)"),
            f("ctx, _ = context.WithCancel(ctx)"),
        ),
        good=(f("ctx, cancel := context.WithCancel(parent)\ndefer cancel()\nuse(ctx)"),),
    ),
    Case(
        "go-sleep-nanoseconds",
        bad=(f("time.Sleep(100)"), f("<-time.After(5)")),
        good=(f("time.Sleep(100 * time.Millisecond)"), f("time.Sleep(0)"), f("time.Sleep(delay)")),
    ),
    Case(
        "go-signal-unbuffered",
        bad=(f("c := make(chan os.Signal)\nsignal.Notify(c, os.Interrupt)"),),
        good=(f("c := make(chan os.Signal, 1)\nuse(c)"), f("c := make(chan int)\nuse(c)")),
    ),
    Case(
        "go-swallowed-error",
        bad=(
            f("if err != nil {\n\treturn nil\n}\nreturn save(x)", result="error"),
            f("err := load(x)\nif err != nil {\n\treturn nil\n}\nreturn nil", result="error"),
        ),
        good=(
            f("if err != nil {\n\treturn err\n}\nreturn nil", result="error"),
            f(
                "if err != nil {\n\t// The file is optional.\n\treturn nil\n}\nreturn x",
                result="error",
            ),
            f("if err != nil {\n\treturn nil\n}\nreturn x", result="[]byte"),
        ),
    ),
)
