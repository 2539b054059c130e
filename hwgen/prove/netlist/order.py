"""Orders what drives nets, so that each is evaluated behind all that it reads."""

from __future__ import annotations

from collections.abc import Mapping

from hwgen.prove.netlist.netlist import Module, Net, Word


def in_order(module: Module, operands: list[Word], makers: Mapping[Net, int]) -> list[int]:
    """Order jobs by who reads whom.

    Raises
    ------
    NotProvedError
        Where a job depends on itself.
    """
    needs = [{makers[net] for net in nets if net in makers} for nets in operands]
    users: list[list[int]] = [[] for _ in needs]
    for job, others in enumerate(needs):
        for other in others:
            users[other].append(job)
    left = [len(others) for others in needs]
    order = [job for job, count in enumerate(left) if not count]
    for job in order:
        for user in users[job]:
            left[user] -= 1
            if not left[user]:
                order.append(user)
    if len(order) < len(needs):
        looping = next(job for job, count in enumerate(left) if count)
        net = next(net for net, job in makers.items() if job == looping)
        raise module.problem(net, "must not depend on itself")
    return order
