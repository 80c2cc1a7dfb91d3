"""``netspec completion``: the script by which a shell completes netspec's commands, options and networks."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from netspec.cli.group import cli

BASH_OFFER = "            COMPREPLY+=($value)\n"
BASH_SETTING = f"{BASH_OFFER}            [[ $value == *= ]] && compopt -o nospace\n"
"""A setting such as ``growth=`` is followed by its value, not by a space."""


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print a script that completes commands, options, networks and what is in them.

    \b
    bash:  netspec completion bash > ~/.local/share/bash-completion/completions/netspec
    zsh:   netspec completion zsh > "${fpath[1]}/_netspec"
    fish:  netspec completion fish > ~/.config/fish/completions/netspec.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    # bash's own `source` starts a shell to look at its version; the script says itself what it needs.
    script = ShellComplete.source(kind(cli, {}, "netspec", "_NETSPEC_COMPLETE"))
    click.echo(script.replace(BASH_OFFER, BASH_SETTING))
