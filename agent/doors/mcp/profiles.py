"""The tools that question a profile: `top`, `peek`, `annotated_source`, `compare`; the same answers as the CLI's."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Literal

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from agent.access.caller import Caller
from agent.doors.mcp.opening import LONGER, WORDING, Opened, in_project, opened
from agent.doors.mcp.parameters import (
    TOKENS,
    FewFunctions,
    Focus,
    Function,
    Ignore,
    Limit,
    OtherRun,
    ProfileName,
    ProfileRun,
    SourceFolder,
    Split,
    TokenLimit,
    Value,
)
from agent.doors.mcp.results import QueryResult, replied
from agent.doors.mcp.tool import CallerOf
from agent.doors.mcp.waiting import in_thread
from agent.errors import BadRequest
from agent.jobs.desk import Desk
from agent.rendering.profile_answers.answer import Answer
from agent.rendering.profile_answers.calls import peek_answer
from agent.rendering.profile_answers.changes import difference_answer
from agent.rendering.profile_answers.costs import split_answer, top_answer
from agent.rendering.profile_answers.lines import list_answer
from agent.rendering.profile_answers.questions import (
    Question,
    functions_asked,
    groups_asked,
    pattern_of,
    peek_of,
    question_about,
)
from agent.rendering.profile_answers.writing import fitted, write
from tools.errors import UnreadableOutput
from tools.profiles.difference import compare_profiles
from tools.profiles.filters import Filters, filtered
from tools.profiles.queries import rank
from tools.profiles.searching import linear_regex
from tools.profiles.source import annotated

PEEKED = 3
"""Of so many functions that match, the costliest, callers and callees are shown."""
By = Literal["self", "cumulative"]
Answered = Annotated[CallToolResult, QueryResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTools:
    """Tools over the profiles of the desk's runs; for a local caller over profiles in files, too."""

    desk: Desk
    caller_of: CallerOf

    async def top(
        self,
        context: Context,
        profile: ProfileName,
        run: ProfileRun = "",
        by: By = "self",
        limit: Limit = 20,
        split: Split = "",
        value: Value = "",
        focus: Focus = "",
        ignore: Ignore = "",
        tokens: TokenLimit = TOKENS,
    ) -> Answered:
        """The functions of a profile that cost most: `self` by their own lines, `cumulative` with all they call."""

        def find(caller: Caller) -> Answer:
            question = _question(opened(self.desk, caller, run, profile), value, focus, ignore)
            if split:
                return split_answer(question.subject, split, groups_asked(question, split), limit)
            total = question.subject.total
            found = rank(question.profile, value=question.value, by=by, limit=limit, total=total)
            return top_answer(question.subject, found, by)

        return await self._answered(context, find, tokens)

    async def peek(
        self,
        context: Context,
        profile: ProfileName,
        function: Function,
        run: ProfileRun = "",
        limit: Limit = 20,
        value: Value = "",
        focus: Focus = "",
        ignore: Ignore = "",
        tokens: TokenLimit = TOKENS,
    ) -> Answered:
        """Who calls a function of a profile and what it calls, with the cost of each."""

        def find(caller: Caller) -> Answer:
            question = _question(opened(self.desk, caller, run, profile), value, focus, ignore)
            found = functions_asked(question, function, linear_regex)
            peeks = [peek_of(question, number, cost) for number, cost in islice(found.items(), PEEKED)]
            return peek_answer(question.subject, peeks, matched=len(found), limit=limit)

        return await self._answered(context, find, tokens)

    async def annotated_source(
        self,
        context: Context,
        profile: ProfileName,
        function: Function,
        run: ProfileRun = "",
        limit: FewFunctions = 1,
        value: Value = "",
        focus: Focus = "",
        ignore: Ignore = "",
        source: SourceFolder = "",
        tokens: TokenLimit = TOKENS,
    ) -> Answered:
        """What each line of a function costs in a profile, beside its source as it is now."""

        def find(caller: Caller) -> Answer:
            of = opened(self.desk, caller, run, profile, source)
            question = _question(of, value, focus, ignore)
            asked = functions_asked(question, function, linear_regex)
            chosen = dict(islice(asked.items(), limit))
            found = annotated(question.profile, chosen, value=question.value, roots=of.roots)
            shown = [in_project(one, of.roots) for one in found]
            return list_answer(question.subject, shown, matched=len(asked))

        return await self._answered(context, find, tokens)

    async def compare(
        self,
        context: Context,
        before: ProfileName,
        after: ProfileName,
        run: ProfileRun = "",
        other_run: OtherRun = "",
        by: By = "self",
        limit: Limit = 20,
        normalise: bool = False,
        value: Value = "",
        focus: Focus = "",
        ignore: Ignore = "",
        tokens: TokenLimit = TOKENS,
    ) -> Answered:
        """How one profile differs from another of the same kind, function by function; what sampling alone may do is
        marked with `~`. `normalise` compares parts of equal totals. Whether a change is faster, `verify_change` tells.
        """

        def find(caller: Caller) -> Answer:
            sides = opened(self.desk, caller, run, before), opened(self.desk, caller, other_run or run, after)
            filters = _filters(focus, ignore)
            older, newer = (filtered(side.profile, filters) for side in sides)
            try:
                found = compare_profiles(
                    older.profile,
                    newer.profile,
                    value=value or None,
                    by=by,
                    limit=limit,
                    normalised=normalise,
                )
            except UnreadableOutput as error:
                raise BadRequest(str(error)) from error
            unmatched = [name for name in older.unmatched if name in newer.unmatched]
            names = (sides[0].name, sides[1].name)
            return difference_answer(found, names, filters.patterns, unmatched, WORDING)

        return await self._answered(context, find, tokens)

    async def _answered(
        self, context: Context, find: Callable[[Caller], Answer], tokens: int
    ) -> CallToolResult:
        caller = self.caller_of(context)
        return await in_thread(lambda: _written(find(caller), tokens))


def _written(answer: Answer, tokens: int) -> CallToolResult:
    """A table for models, and the same as data; each in at most so many tokens."""
    page = json.loads(write(fitted(answer, "json", tokens, LONGER), "json"))
    tables, warnings = page.pop("tables"), page.pop("warnings")
    result = QueryResult(about=page, tables=tuple(tables), warnings=tuple(warnings))
    return replied(result, text=write(fitted(answer, "compact", tokens, LONGER), "compact"))


def _question(of: Opened, value: str, focus: str, ignore: str) -> Question:
    return question_about(
        of.profile, _filters(focus, ignore), value=value or None, file=of.name, wording=WORDING
    )


def _filters(focus: str, ignore: str) -> Filters:
    """Expressions that can't take for ever: whoever calls may write anything. Raises: BadRequest."""
    return Filters(
        focus=pattern_of("`focus`", focus or None, linear_regex),
        ignore=pattern_of("`ignore`", ignore or None, linear_regex),
    )
