"""Cold starts: a process from its start to its first answer from AWS, and through a whole rotation."""

import os
import re
import signal
import statistics
import subprocess
import time

from world import FEW_ROOTS, OUT, World

# By then the Runtime API has seen that a killed process waits no more: it would get the next event.
SETTLE_SECONDS = 0.1


def vm_peak(pid):
    """Peak resident memory in bytes. wait4's figure would include what the parent had before exec."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


class Cold:
    """One start of one program."""

    def __init__(self, world, command, rotates, **variables):
        world.reset()
        if rotates:
            world.ask("rotate")
        runtime = world.runtime["rotation"]
        begun = time.monotonic()
        child = subprocess.Popen(
            command,
            env=world.environment(**variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if not runtime.asked.wait(60):
            raise RuntimeError(f"{command[0]} never asked for an event")
        self.figures = {"ready": runtime.first_request - begun}
        if rotates:
            report = world.answer()
            if not report["succeeded"]:
                raise RuntimeError(f"{command[0]}: {report}")
            self.figures |= {
                "first_request": world.aws.first_request - begun,
                "first_answer": world.aws.first_answer - begun,
                "rotation": time.monotonic() - begun,
            }
        self.figures["rss"] = vm_peak(child.pid)
        child.send_signal(signal.SIGKILL)
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
        time.sleep(SETTLE_SECONDS)
        self.figures["cpu"] = used.ru_utime + used.ru_stime


def starts(programs):
    """The commands, with what is special about their environment."""
    commands = {name: (command, {}) for name, command in programs.commands().items()}
    # What a smaller root store would save.
    commands["few roots"] = (commands["ours"][0], {"SSL_CERT_FILE": str(OUT / FEW_ROOTS)})
    return commands


def ready(programs, tls, rounds):
    """Seconds until ready, of the programs that are quick: many times, since other work weighs more."""
    samples = {name: [] for name in ("ours", "limit", "few roots")}
    with World(programs.harness, tls) as world:
        for _ in range(rounds):
            for name, times in samples.items():
                command, variables = starts(programs)[name]
                times.append(Cold(world, command, False, **variables).figures["ready"])
    return samples


def measure(programs, tls, rounds):
    """Each program once a round, so that what else the machine does meets all of them."""
    commands = starts(programs)
    samples = {name: [] for name in commands}
    with World(programs.harness, tls) as world:
        for nth in range(rounds + 1):
            for name, (command, variables) in commands.items():
                figures = Cold(world, command, name != "limit", **variables).figures
                # The first one fills the page cache, and Python's compiled modules.
                if nth > 0:
                    samples[name].append(figures)
        instructions = {
            name: {
                "ready": count(world, command, False, **variables),
                # The peer would take minutes.
                "rotation": count(world, command, True, **variables)
                if command == commands["ours"][0]
                else None,
            }
            for name, (command, variables) in commands.items()
        }
    return {"samples": samples, "instructions": instructions}


def count(world, command, rotates, **variables):
    """Instructions in user mode, by callgrind: the same whatever else runs. None without valgrind."""
    world.reset()
    if rotates:
        world.ask("rotate")
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    try:
        child = subprocess.Popen(
            valgrind,
            env=world.environment(**variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    except FileNotFoundError:
        return None
    if rotates:
        world.answer()
    else:
        world.runtime["rotation"].asked.wait(120)
    child.terminate()
    said = child.communicate()[1]
    time.sleep(SETTLE_SECONDS)
    collected = re.search(r"Collected : (\d+)", said)
    return int(collected[1]) if collected else None


def medians(samples):
    names = {name for sample in samples for name in sample}
    return {name: statistics.median(each[name] for each in samples) for name in names}
