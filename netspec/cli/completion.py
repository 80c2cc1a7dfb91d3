"""``netspec completion``: the script that teaches a shell netspec's commands, options and networks."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from netspec.cli.group import cli


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print a script that completes commands, options and networks.

    \b
    bash:  netspec completion bash > ~/.local/share/bash-completion/completions/netspec
    zsh:   netspec completion zsh > "${fpath[1]}/_netspec"
    fish:  netspec completion fish > ~/.config/fish/completions/netspec.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    # click's own way starts netspec with a variable set; the same script comes out without a second process.
    script = kind(cli, {}, "netspec", "_NETSPEC_COMPLETE")
    # bash's own `source` starts a shell to look at its version; the script says itself what it needs.
    click.echo(ShellComplete.source(script))
