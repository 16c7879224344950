"""`tween4d study`: let people rank methods, and read their ranks."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from tween4d.cli.console import progress, say, say_json
from tween4d.cli.options import Flag
from tween4d.errors import InputError


@dataclass(frozen=True)
class Study:
    """Let people rank methods on a page, or read their ranks.

    $ tween4d study ours/ theirs/ -o study.html
    $ tween4d study --analyse study-*.csv

    A folder holds one method's assets, CASE.t4d or CASE/asset.t4d. The page is
    offline, mixes methods and cases, does not show names, and downloads a CSV.
    """

    methods: Annotated[Positional[tuple[Path, ...]], arg(metavar="DIR", help_behavior_hint="")] = ()
    """Folders of assets, one a method."""
    out: Annotated[Path | None, arg(aliases=["-o"], metavar="OUT.html", help_behavior_hint="")] = None
    """Page to write."""
    analyse: Annotated[tuple[Path, ...], arg(metavar="CSV", help_behavior_hint="")] = ()
    """Files that people downloaded: print mean ranks with confidence intervals."""
    overwrite: Flag = False
    """Replace an existing page."""
    json: Flag = False
    """Print the mean ranks as one JSON object."""

    def execute(self) -> None:
        """Write the page, or print the means."""
        from tween4d.app.ranks import mean_ranks, ranks_table, read_ranks
        from tween4d.app.study import write_study
        from tween4d.io.atomic import check_target

        if bool(self.methods) == bool(self.analyse):
            raise InputError("a study has folders or ranks", "both" if self.methods else "neither", "see --help")
        if self.analyse:
            means = mean_ranks(read_ranks(self.analyse))
            if self.json:
                say_json({"ranks": [asdict(mean) for mean in means]})
            else:
                say(ranks_table(means))
            return
        if self.out is None:
            raise InputError("the page needs a name", "no -o", "for example -o study.html")
        check_target(self.out, overwrite=self.overwrite)
        with progress() as listener:
            cases = write_study(self.methods, self.out, listener=listener)
        say(f"{self.out}: {len(self.methods)} methods, cases {', '.join(cases)}")
