"""Talks to a network on a board over a serial port: integers in, integers out.

    with Board("out", port="auto") as board:
        y = board.run(x)

Needs numpy and pyserial only, so that this file can be copied; board.json, which `hwgen board`
wrote beside it, says all about the design. `python driver.py --help` runs a file of vectors.
"""

from __future__ import annotations

import argparse
import binascii
import contextlib
import json
import os
import queue
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

FLAG, ESCAPE, TURN = 0x7E, 0x7D, 0x20  # RFC 1662, section 4
REPLY = 0x80
INFO, RUN, TEST, RESET = b"IRTZ"
DONE, CHECKSUM, LENGTH, OVERRUN, COMMAND, LINE, BUSY = range(7)
MEANINGS = (
    "done",
    "checksum",
    "length",
    "overrun",
    "unknown command",
    "line (a stop bit was missing)",
    "busy",
)
INFO_BYTES = 27
FRAME_BYTES = 4096  # of a request: enough to hide the round trip of a USB bridge
TRIES = 3  # of a frame again, after the first
WORDS = (
    "look at the lamp of the self test, at the port, at the baud rate, and whether another program "
    "has the port open"
)


OWN = "u0_i"  # tells the vectors.npz of a design, which has vectors of its parts too
# what numpy.load raises for what is no such file
UNREADABLE = (
    *(ValueError, EOFError, ArithmeticError, MemoryError, RecursionError, SyntaxError, TypeError),
    *(LookupError, NotImplementedError, TokenError, zipfile.BadZipFile, zlib.error),
)


class BoardError(Exception):
    """Something that the user can mend, as one sentence."""


class WrongResultError(BoardError):
    """The board computes, and not what it should."""


class Timing:
    """How long the driver waits.

    Parameters
    ----------
    patience_s
        For what is not the line's time: bridges, the operating system.
    settle_s
        After two flags, for what is still under way.
    slowness
        Real time as a multiple of the board's: 1, and more where the board is simulated.
    """

    def __init__(
        self, patience_s: float = 0.5, settle_s: float = 0.05, slowness: float = 1.0
    ) -> None:
        self.patience_s, self.settle_s, self.slowness = patience_s, settle_s, slowness


def stuffed(body: bytes) -> bytes:
    """Give a frame: the body and its checksum between flags."""
    whole = body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big")
    escaped = whole.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e")
    return b"\x7e" + escaped + b"\x7e"


def unstuffed(frame: bytes) -> bytes | None:
    """Give the body of what lay between two flags, None where its checksum is wrong."""
    plain, turn = bytearray(), 0
    for byte in frame:
        if byte == ESCAPE:
            turn = TURN
            continue
        plain.append(byte ^ turn)
        turn = 0
    if len(plain) < 4 or binascii.crc_hqx(bytes(plain), 0xFFFF):
        return None
    return bytes(plain[:-2])


class Port:
    """A serial port whose frames are read all the time by a thread of their own.

    `write_s` is how long a frame may take to leave.
    """

    def __init__(self, name: str, baud: int, write_s: float) -> None:
        serial = _pyserial()
        if not isinstance(name, str) or not name.isprintable() or not name.strip():
            raise BoardError(
                f"port: must be auto or the name of a serial port, such as /dev/ttyUSB1, not "
                f"{name!r}; name it, or leave it out"
            )
        self._serial = serial.Serial()
        self._serial.port, self._serial.baudrate = name, baud
        self._serial.timeout, self._serial.exclusive = 0.02, True
        self._serial.write_timeout = write_s
        self._serial.dtr = self._serial.rts = False
        try:
            self._serial.open()
        except (OSError, ValueError) as error:
            number = getattr(error, "errno", None)  # pyserial says the name and all once more
            why = os.strerror(number) if number else error
            raise BoardError(
                f"{name}: the port must open at {baud} baud, and does not ({why}); close other "
                "programs that use it, allow it (group dialout), or take another --port"
            ) from None
        with contextlib.suppress(OSError, ValueError, NotImplementedError, AttributeError):
            self._serial.set_low_latency_mode(True)  # pseudo-terminals and other systems have none
        self.frames: queue.Queue[bytes] = queue.Queue()
        self.heard = 0  # bytes
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        held = bytearray()
        while not self._ends.is_set():
            try:
                got = self._serial.read(max(self._serial.in_waiting, 1))
            except (OSError, TypeError):
                return  # unplugged or closed: the next wait ends with a sentence
            self.heard += len(got)
            held += got
            *whole, rest = bytes(held).split(b"\x7e")
            for frame in whole:
                if frame:
                    self.frames.put(frame)
            held = bytearray(rest)

    def send(self, frame: bytes) -> None:
        """Send bytes."""
        try:
            self._serial.write(frame)
        except OSError as error:
            raise BoardError(
                f"{self._serial.port}: the port must take bytes, and does not ({error}); is the "
                "board still plugged in?"
            ) from None

    def drop(self) -> None:
        """Forget what came."""
        while True:
            try:
                self.frames.get_nowait()
            except queue.Empty:
                return

    def close(self) -> None:
        """Give the port back."""
        self._ends.set()
        self._thread.join()
        self._serial.close()


class Board:
    """A design on a board.

    Parameters
    ----------
    folder
        A design folder with one board in it, a board's folder, or its board.json.
    port
        The serial port; "auto" looks for the board's USB identity.
    timing
        How long to wait.

    Raises
    ------
    BoardError
        Where no board answers, or another design does.
    """

    def __init__(
        self, folder: str | Path, port: str = "auto", timing: Timing | None = None
    ) -> None:
        self.facts = load_facts(folder)
        self.timing = timing or Timing()
        self.retries = 0
        self.frame_seconds: list[float] = []
        self._sequence = 0
        self._frame = min(
            self.facts["frame_vectors"], max(FRAME_BYTES // self.facts["vector_bytes"], 1)
        )
        name = find_port(self.facts) if port == "auto" else port
        most = 2 * max(FRAME_BYTES, self.facts["vector_bytes"]) + 100  # all bytes escaped
        seconds = 20 * most / self.facts["baud"] * self.timing.slowness + self.timing.patience_s
        self.port = Port(name, self.facts["baud"], seconds)
        try:
            self._meet(name)
        except BaseException:
            self.port.close()
            raise

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_: object) -> None:
        self.port.close()

    def _meet(self, name: str) -> None:
        self.resynchronize()
        try:
            self.told = self.info()
        except BoardError as error:
            raise BoardError(f"{name}: no board answers ({error}); {WORDS}") from None
        if self.told["version"] != self.facts["protocol"]:
            raise BoardError(
                f"{name}: the board must speak version {self.facts['protocol']} of the protocol, "
                f"not {self.told['version']}; write the bitstream of this folder to it"
            )
        own = self.facts["digest"]
        if self.told["digest"] != own:
            raise BoardError(
                f"{name}: the board must hold design {own} ({self.facts['name']}), and holds "
                f"{self.told['digest']}; write {self.facts['name']}'s bitstream to it"
            )

    def resynchronize(self) -> None:
        """End whatever frame is under way, and forget what comes of it."""
        self.port.send(b"\x7e\x7e")
        time.sleep(self.timing.settle_s)
        self.port.drop()

    def info(self) -> dict[str, Any]:
        """Ask the board what it is."""
        told = self._insist(INFO, b"", INFO_BYTES)
        flags = told[26]
        return {
            "version": told[0],
            "digest": told[1:9].hex(),
            "clock_hz": int.from_bytes(told[9:13], "little"),
            "vector_bytes": int.from_bytes(told[13:17], "little"),
            "result_bytes": int.from_bytes(told[17:21], "little"),
            "frame_vectors": int.from_bytes(told[21:23], "little"),
            "bad_frames": int.from_bytes(told[23:25], "little"),
            "resets": told[25],
            "passed": bool(flags & 1),
            "running": bool(flags & 2),
        }

    def test(self) -> dict[str, int]:
        """Run the self test anew; its signature and its cycles.

        Raises
        ------
        WrongResultError
            Where they are not the reference's and the plan's.
        """
        expected = self.facts["self_test"]
        told = self._insist(TEST, b"", 6, expected["cycles"])
        found = {
            "signature": int.from_bytes(told[:2], "little"),
            "cycles": int.from_bytes(told[2:], "little"),
        }
        for key, value in found.items():
            if value != expected[key]:
                raise WrongResultError(
                    f"self test: {key} must be {expected[key]}, not {value}; write the bitstream "
                    "again, and look at supply and clock of the board"
                )
        return found

    def reset(self) -> None:
        """Reset the design."""
        self._insist(RESET, b"", 0)

    def run(
        self, x: Any, progress: Callable[[int, int], None] = lambda _done, _of: None
    ) -> np.ndarray:
        """Give the results of integer vectors (vectors, elements), in the same order.

        Raises
        ------
        BoardError
            Where the input is of another shape, kind or range, or the board does not answer.
        """
        vectors = checked(x, self.facts["input"])
        sent = packed(vectors, self.facts["input"])
        size, result = self.facts["vector_bytes"], self.facts["result_bytes"]
        found = bytearray()
        done, some, failures = 0, self._frame, 0
        while done < len(vectors):
            count = min(some, len(vectors) - done)
            payload = sent[done * size : (done + count) * size]
            start = time.monotonic()
            status, results = self._ask(RUN, payload, count * result)
            if status == DONE:
                self.frame_seconds.append(time.monotonic() - start)
                found += results
                done += count
                progress(done, len(vectors))
                some, failures = min(2 * some, self._frame), 0
                continue
            if status == BUSY:
                self._wait_for_test()
                continue
            self.retries += 1
            failures += count == 1 or status not in (CHECKSUM, LINE, OVERRUN, None)
            if failures > TRIES or (status in (LENGTH, COMMAND)):
                raise BoardError(self._failure(status))
            some = max(count // 2, 1)
            if status == OVERRUN:
                self._frame = some
            if status is None:
                self.resynchronize()
        return unpacked(bytes(found), self.facts["output"])

    def _failure(self, status: int | None) -> str:
        if status is None:
            return f"the board must answer each request, and did not; {WORDS}"
        if status == OVERRUN:
            return (
                f"a vector must be taken at the pace of the line ({self.facts['baud']} baud), and "
                f"was not; the plan says one every {self.facts['interval_cycles']} cycles at "
                f"{self.facts['clock_hz']} Hz: was the bitstream made for this folder?"
            )
        return (
            f"the board must do each request, and answers {MEANINGS[status]}, {TRIES + 1} times; "
            f"{WORDS}"
        )

    def _insist(self, command: int, payload: bytes, size: int, cycles: int = 0) -> bytes:
        """Ask until the board does it; its results."""
        status: int | None = None
        for _ in range(TRIES + 1):
            status, results = self._ask(command, payload, size, cycles)
            while status == BUSY:
                self._wait_for_test()
                status, results = self._ask(command, payload, size, cycles)
            if status == DONE:
                return results
            self.retries += 1
            if status is None:
                self.resynchronize()
        raise BoardError(self._failure(status))

    def _wait_for_test(self) -> None:
        time.sleep(
            self.facts["self_test"]["cycles"] / self.facts["clock_hz"] * self.timing.slowness / 4
        )

    def _ask(
        self, command: int, payload: bytes, size: int, cycles: int = 0
    ) -> tuple[int | None, bytes]:
        """Send one request; its status, None where no whole reply came, and its results."""
        self._sequence = (self._sequence + 1) % 256
        frame = stuffed(bytes([command, self._sequence]) + payload)
        self.port.send(frame)
        bits = 10 * (len(frame) + 2 * size + 24)
        own = bits / self.facts["baud"]
        own += (cycles + self.facts["latency_cycles"]) / self.facts["clock_hz"]
        ends = time.monotonic() + own * self.timing.slowness + self.timing.patience_s
        while True:
            try:
                got = self.port.frames.get(timeout=max(ends - time.monotonic(), 0))
            except queue.Empty:
                return None, b""
            body = unstuffed(got)
            if body is None:
                continue  # perhaps the reply: no other comes, and the time will end
            if body[:2] != bytes([command | REPLY, self._sequence]) or len(body) < 3:
                if len(body) >= 3 and body[-1] in (CHECKSUM, LINE) and len(body) == 3:
                    return body[-1], b""  # the header itself was damaged
                continue  # of an earlier request
            status, results = body[-1], body[2:-1]
            if status == DONE and len(results) != size:
                return CHECKSUM, b""
            return status, results


def load_facts(folder: str | Path) -> dict[str, Any]:
    """Read board.json of a folder."""
    path = Path(folder)
    if path.is_dir() and not (path / "board.json").is_file():
        found = sorted(path.glob("board/*/board.json"))
        if len(found) != 1:
            names = ", ".join(item.parent.name for item in found) or "none"
            raise BoardError(
                f"{path}: must hold one board, and holds {names}; name a board's folder, or make "
                "one with `hwgen board`"
            )
        path = found[0]
    path = path / "board.json" if path.is_dir() else path
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        facts["self_test"]["cycles"], facts["input"]["elements"], facts["output"]["elements"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BoardError(
            f"{path}: must be what `hwgen board` wrote, and cannot be read "
            f"({getattr(error, 'strerror', None) or error}); make the board again"
        ) from None
    result: dict[str, Any] = facts
    return result


def line_seconds(facts: Mapping[str, Any], vectors: int) -> float:
    """Estimate how long vectors take on the line, self test included; escapes come on top."""
    size = facts["vector_bytes"]
    frame = min(facts["frame_vectors"], max(FRAME_BYTES // size, 1))
    sent = vectors * max(size, facts["result_bytes"]) + -(-vectors // frame) * 12
    return float(10 * sent / facts["baud"] + facts["self_test"]["cycles"] / facts["clock_hz"])


def find_port(facts: Mapping[str, Any]) -> str:
    """Find the one port whose USB identity, and interface where known, is the board's."""
    _pyserial()
    from serial.tools import list_ports

    vendor, product, interface = ([*str(facts["usb"]).split(":"), "", ""])[:3]
    ports = sorted(list_ports.comports(), key=lambda port: str(port.device))
    own = [
        port
        for port in ports
        if vendor and port.vid == int(vendor, 16) and port.pid == int(product, 16)
    ]
    if interface and len(own) > 1:
        own = [p for p in own if str(p.location or "").endswith(f".{interface}")] or own[-1:]
    if len(own) == 1:
        return str(own[0].device)
    there = ", ".join(str(port.device) for port in own or ports) or "none"
    raise BoardError(
        f"port: one must be {facts['board']}'s ({facts['bridge']}), and {len(own)} are; name it "
        f"with --port (there: {there})"
    )


def checked(x: Any, side: Mapping[str, Any]) -> np.ndarray:
    """Give vectors as int64 (vectors, elements).

    Raises
    ------
    BoardError
        Where they are no integers of the input's type.
    """
    values = np.asarray(x)
    kind, scale = side["type"], side["scale"]
    if not np.issubdtype(values.dtype, np.integer):
        raise BoardError(
            f"x: must be integers of type {kind}, not {values.dtype}; a value is scale * integer "
            f"+ offset, with scale {_number(scale)} and offset {_number(side['offset'])}"
        )
    size = max(side["elements"]) + 1
    if values.ndim < 2 or values[0:1].size != size or not len(values):
        raise BoardError(f"x: must be vectors of {size} integers, not of shape {values.shape}")
    bits = side["bits"][0]
    lo, hi = (0, (1 << bits) - 1)
    if side["signed"][0]:
        lo, hi = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    least, most = int(values.min()), int(values.max())  # of uint64 too, which int64 does not hold
    if least < lo or most > hi:
        raise BoardError(
            f"x: must be {lo} to {hi} ({kind}), not {least} to {most}; a value is "
            f"scale * integer + offset, with scale {_number(scale)} and offset "
            f"{_number(side['offset'])}"
        )
    return values.reshape(len(values), -1).astype(np.int64)


def check_answers(
    count: int, y: np.ndarray | None, labels: np.ndarray | None, side: Mapping[str, Any]
) -> None:
    """Refuse what cannot be compared with the results of `count` vectors.

    Raises
    ------
    BoardError
        Where results or labels are of another number, shape or kind than the design's.
    """
    size = max(side["elements"]) + 1
    if y is not None:
        if not np.issubdtype(y.dtype, np.integer):
            raise BoardError(f"y: must be integers, not {y.dtype}; leave y out, or round it")
        if not y.ndim or len(y) != count or y.size != count * size:
            raise BoardError(
                f"y: must be of shape {(count, size)}, a result of {size} a vector, not {y.shape}; "
                "leave y out, or make it anew"
            )
    if labels is not None:
        if side["meaning"] != "class":
            raise BoardError(
                f"labels: must go with a network that gives a class, and this one gives "
                f"{side['meaning']}; leave labels out"
            )
        if not np.issubdtype(labels.dtype, np.integer):
            raise BoardError(
                f"labels: must be integers, the classes, not {labels.dtype}; leave labels out, or "
                "number them"
            )
        if labels.shape != (count,):
            raise BoardError(
                f"labels: must be of shape {(count,)}, one a vector, not {labels.shape}; leave "
                "labels out, or give each vector one"
            )


def labelled(arrays: Mapping[str, np.ndarray], side: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Cut a design's own vectors to those with labels: they come first, and are real data."""
    kept = {name: arrays[name] for name in ("x", "y", "labels") if name in arrays}
    if "labels" in kept and all(array.ndim for array in kept.values()):
        kept = {name: array[: len(kept["labels"])] for name, array in kept.items()}
        if side["meaning"] != "class":
            del kept["labels"]  # there is nothing to compare them with
    return kept


def load_vectors(path: Path, side: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Read a .npy file, or x, y and labels of a .npz; a design's own vectors as `labelled`.

    Raises
    ------
    BoardError
        Where the file is neither, or holds no x.
    """
    must = f"{path}: must be .npy or .npz of integers"
    advice = "write it with numpy.save or numpy.savez"
    if path.suffix not in (".npy", ".npz"):
        raise BoardError(f"{must}, and is named otherwise; {advice}")
    if path.exists() and not path.is_file():
        raise BoardError(f"{must}, and is no regular file; {advice}")
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return {"x": found}
            arrays = {name: found[name] for name in found.files}
    except OSError as error:
        raise BoardError(
            f"{must}, and cannot be read ({error.strerror or error}); {advice}"
        ) from None
    except UNREADABLE:
        raise BoardError(f"{must}, and holds something else; {advice}") from None
    if "x" not in arrays:
        raise BoardError(f"{path}: must hold the vectors as x, and does not; write x with it")
    return labelled(arrays, side) if OWN in arrays else arrays


def _number(values: Any) -> str:
    return ", ".join(f"{value:g}" for value in values or ()) or "unknown"


def packed(vectors: np.ndarray, side: Mapping[str, Any]) -> bytes:
    """Give vectors as the bytes of their beats."""
    order, widths = np.array(side["elements"]), side["bits"]
    slots = np.where(order < 0, 0, vectors[:, np.maximum(order, 0)])
    beats = slots.reshape(-1, len(widths))
    bits = np.concatenate(
        [beats[:, [k]] >> np.arange(width) & 1 for k, width in enumerate(widths)], axis=1
    )
    whole = np.zeros((len(bits), 8 * side["beat_bytes"]), np.uint8)
    whole[:, : bits.shape[1]] = bits
    return np.packbits(whole, axis=1, bitorder="little").tobytes()


def unpacked(sent: bytes, side: Mapping[str, Any]) -> np.ndarray:
    """Give the vectors of the bytes of beats."""
    order, widths = np.array(side["elements"]), side["bits"]
    raw = np.frombuffer(sent, np.uint8).reshape(-1, side["beat_bytes"])
    bits = np.unpackbits(raw, axis=1, bitorder="little").astype(np.int64)
    lanes, place = [], 0
    for width, signed in zip(widths, side["signed"], strict=True):
        value = bits[:, place : place + width] @ (1 << np.arange(width, dtype=np.int64))
        negative = value >> (width - 1) if signed else 0
        lanes.append(value - (negative << width))
        place += width
    slots = np.stack(lanes, axis=1).reshape(-1, len(order))
    found = np.zeros((len(slots), int(order.max()) + 1), np.int64)
    found[:, order[order >= 0]] = slots[:, order >= 0]
    return found


def _pyserial() -> Any:
    try:
        import serial
    except ImportError:
        raise BoardError(
            "pyserial: must be installed, and is not; run `pip install pyserial`"
        ) from None
    return serial


def measure(
    board: Board,
    x: Any,
    expected: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> tuple[np.ndarray, dict[str, Any]]:
    """Run vectors; the results, and how many were right and how fast it was.

    Raises
    ------
    BoardError
        As `Board.run`, and where `expected` or `labels` are not of these vectors and this design.
    """
    x = checked(x, board.facts["input"])
    check_answers(len(x), expected, labels, board.facts["output"])
    start = time.monotonic()
    y = board.run(x, progress)
    seconds = time.monotonic() - start
    chip = board.test()
    facts = board.facts
    cycles = facts["interval_cycles"]
    frames = np.array(board.frame_seconds)
    found: dict[str, Any] = {
        "board": facts["board"],
        "design": facts["name"],
        "vectors": len(y),
        "vectors_a_second": round(len(y) / seconds, 1),
        "frame_ms_p50": round(1e3 * float(np.percentile(frames, 50)), 2),
        "frame_ms_p95": round(1e3 * float(np.percentile(frames, 95)), 2),
        "chip_cycles_a_vector": cycles,
        "chip_vectors_a_second": facts["clock_hz"] // cycles,
        "self_test": chip,
        "retries": board.retries,
        "info": board.info(),
    }
    if expected is not None:
        found["equal"] = int((y == expected.reshape(len(expected), -1)).all(axis=1).sum())
    if labels is not None:
        found["accuracy_percent"] = round(100 * float((y[:, 0] == labels).mean()), 2)
    return y, found


def check_folder_of(path: Path) -> None:
    """Refuse a file whose folder is missing, before a run whose results it is to hold."""
    if not path.parent.is_dir():
        raise BoardError(
            f"{path}: must be in a folder that is there, and {path.parent} is missing; make it or "
            "choose another place"
        )


def main() -> None:
    """Run a file of vectors; the result is one JSON document."""
    parser = argparse.ArgumentParser(description="Run vectors on the board of this folder.")
    parser.add_argument("--port", default="auto")
    parser.add_argument("--data", type=Path, required=True, help=".npy, or .npz with x and y")
    parser.add_argument("--out", type=Path, help="results as .npy")
    args = parser.parse_args()
    try:
        arrays = load_vectors(args.data, load_facts(Path(__file__).parent)["output"])
        if args.out:
            check_folder_of(args.out)
        with Board(Path(__file__).parent, args.port) as board:
            y, found = measure(board, arrays["x"], arrays.get("y"), arrays.get("labels"))
    except BoardError as error:
        raise SystemExit(str(error)) from None
    if args.out:
        np.save(args.out, y)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
