"""``journeyman doctor``: look at every part, and say how to mend what is wrong."""

import typer

from journeyman.cli.context import invocation
from journeyman.cli.exits import Exit
from journeyman.cli.options import Json
from journeyman.cli.output import one_line, say, show, show_json

app = typer.Typer()


@app.command()
def doctor(ctx: typer.Context, as_json: Json = False) -> None:
    """Check every part, and say how to mend what is wrong. It changes nothing, and shows no secrets.

    Each part is `ok`, a `warning` or a `problem`; exits 1 where there is a problem.

    \b
    Examples:
      journeyman doctor
      journeyman doctor --json
    """
    from dataclasses import asdict

    from journeyman.cli.examination import examine

    findings = examine(invocation(ctx))
    problems = sum(finding.level == "problem" for finding in findings)
    if as_json:
        show_json({"ok": not problems, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            show(f"{finding.level:<8} {finding.part:<14} {one_line(finding.found)}")
            if finding.mend:
                show(f"{'':<23} -> {one_line(finding.mend)}")
        say("No problems." if not problems else f"{problems} problem{'s' if problems > 1 else ''}.")
    if problems:
        raise typer.Exit(Exit.FAILED)
