"""`python -m fieldkit`: thin doors to the same functions that the screens use."""

from __future__ import annotations

import sys

from fieldkit import allocator, commands
from fieldkit.errors import KitError

OTHER_PYTHON = (
    "部品（{}）がありません。.venv の Python で実行してください"
    "（.venv/bin/python、Windows は .venv\\Scripts\\python）。"
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a KitError is one sentence on the error stream and exit code 1."""
    if arguments is None:
        allocator.use(sys.argv[1] if len(sys.argv) > 1 else "")
    try:
        from fieldkit import cli, helpline
    except ModuleNotFoundError as missing:
        print(OTHER_PYTHON.format(missing.name), file=sys.stderr)
        return 1
    given = commands.parser().parse_args(arguments)
    name = f"{given.command}_{given.what}" if hasattr(given, "what") else given.command
    try:
        return cli.COMMANDS[name](given)
    except KitError as error:
        print(error.sentence, file=sys.stderr)
        if helpline.is_needed(error):
            print(helpline.line(getattr(given, "data", None)), file=sys.stderr)
        return 1
    except OSError:
        print(
            "ファイルかフォルダーを読み書きできません。場所・権限・空きを確かめてください。",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
