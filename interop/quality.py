#!/usr/bin/env python3
"""Measures speech quality: the reference's encoder and decoder beside ours, loss, stalls.

Runs in a virtual environment of its own under target/quality, which it makes when there is none,
and builds the example `transcode` of lxst-codecs. Codec2 profiles are measured where libcodec2 is
installed. All numbers are means over three speakers: examples/speech.wav, and the same voice
lower and higher by a sixth, all with the noise of a room.
"""

import argparse
import io
import os
import pathlib
import subprocess
import sys
import types
import venv

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
NEEDS = ["lxst==0.5.4", "pesq==0.0.4", "pystoi==0.4.1", "scipy>=1.11"]
RATE = 48_000
# Name, milliseconds of a frame, the reference's codec and its profile.
PROFILES = [
    ("ULBW", 400, "Codec2", "CODEC2_700C"),
    ("VLBW", 320, "Codec2", "CODEC2_1600"),
    ("LBW", 200, "Codec2", "CODEC2_3200"),
    ("MQ", 60, "Opus", "PROFILE_VOICE_MEDIUM"),
    ("HQ", 60, "Opus", "PROFILE_VOICE_HIGH"),
    ("SHQ", 60, "Opus", "PROFILE_VOICE_MAX"),
    ("LL", 20, "Opus", "PROFILE_VOICE_MEDIUM"),
    ("ULL", 10, "Opus", "PROFILE_VOICE_MEDIUM"),
]
# Decoded Codec2 has other noise each time, and PESQ is rounded: what counts as equal.
EQUAL = {"Codec2": 0.1, "Opus": 0.02}


def main():
    arguments = parse_arguments()
    profiles = [profile for profile in PROFILES if arguments.profile in (None, profile[0])]
    speakers = load_speakers()
    failures = compare(profiles, speakers)
    if arguments.rates:
        compare_rate_control(profiles, speakers)
    if arguments.loss:
        failures += lose(profiles, speakers, arguments.loss)
    if arguments.stall:
        failures += stall(profiles, speakers)
    for failure in failures:
        print("worse:", failure)
    sys.exit(bool(failures))


def compare(profiles, speakers):
    """Both encoders, each decoded by both decoders."""
    print("\nPESQ-WB and STOI; bytes a second on air with Reticulum's packets")
    print("profile  encoder    bytes/s  PESQ by us  by ref  STOI by us  by ref")
    failures = []
    for name, ms, codec, _ in profiles:
        best = {}
        for encoder, encode in (("ours", encode_ours), ("reference", encode_reference)):
            scores = []
            for speech in speakers:
                packets = encode(name, speech)
                heard = decode_ours(packets, ms), decode_reference(packets, codec)
                scores.append(
                    [airtime(packets, ms)]
                    + [pesq_wb(speech, pcm) for pcm in heard]
                    + [stoi(speech, pcm) for pcm in heard]
                )
            mean = np.mean(scores, axis=0)
            best[encoder] = mean
            rate, by_us, by_ref, stoi_us, stoi_ref = mean
            print(
                f"{name:8} {encoder:9} {rate:8.0f} {by_us:11.2f} {by_ref:7.2f}"
                f" {stoi_us:11.3f} {stoi_ref:7.3f}"
            )
        # Our phone beside the reference's, and our encoder before the reference's decoder.
        for index, what in ((1, "call"), (2, "encoder")):
            ours, reference = best["ours"][index], best["reference"][2]
            if ours < reference - EQUAL[codec]:
                failures.append(f"{name}: {what} {ours:.2f}, reference {reference:.2f}")
    return failures


def compare_rate_control(profiles, speakers):
    print("\nrate control: bytes a second on air, PESQ-WB")
    print("profile  variable: bytes/s  PESQ  constant: bytes/s  PESQ")
    for name, ms, codec, _ in profiles:
        if codec == "Opus":
            row = []
            for options in (["variable"], ["constant"]):
                scores = []
                for speech in speakers:
                    packets = encode_ours(name, speech, *options)
                    pcm = decode_ours(packets, ms)
                    scores.append([airtime(packets, ms), pesq_wb(speech, pcm)])
                row += list(np.mean(scores, axis=0))
            print(f"{name:8} {row[0]:17.0f} {row[1]:5.2f} {row[2]:18.0f} {row[3]:5.2f}")


def lose(profiles, speakers, percent):
    """Random loss, concealed or filled with silence."""
    print(f"\nPESQ-NB at {percent} % loss")
    print("profile  lossless  concealed  silence  gain")
    failures = []
    for name, ms, _, _ in profiles:
        scores = []
        for seed, speech in enumerate(speakers * 3):
            lost = np.random.default_rng(seed).random(100_000) < percent / 100
            sent = encode_ours(name, speech)
            packets = ["" if lost[n] else line for n, line in enumerate(sent)]
            heard = [decode_ours(sent, ms), decode_ours(packets, ms)]
            heard.append(decode_ours(packets, ms, "silence"))
            scores.append([pesq_nb(speech, pcm) for pcm in heard])
        lossless, concealed, silent = np.mean(scores, axis=0)
        gain = concealed - silent
        print(f"{name:8} {lossless:8.2f} {concealed:10.2f} {silent:8.2f} {gain:5.2f}")
        # Nothing conceals 200 ms and more, which Codec2 loses at once; and where all of it is
        # worth less, nothing gains so much.
        if ms <= 60 and lossless - silent > 0.3 > gain:
            failures.append(f"{name}: concealment gains {gain:.2f}")
    return failures


def stall(profiles, speakers):
    """A quarter of the recording arrives late and is played faster: the quality after that."""
    print("\nPESQ-WB of the second half, after a stall that was caught up at the faster tempo")
    print("profile  caught up  PESQ  without a stall")
    failures = []
    for name, ms, codec, _ in profiles:
        scores = []
        for speech in speakers:
            packets = encode_ours(name, speech)
            half = len(packets) // 2
            plain = decode_ours(packets, ms)
            late = [f"{line} faster" for line in packets[half // 2 : half]]
            caught_up = decode_ours(packets[: half // 2] + late + packets[half:], ms)
            begin = half * ms * RATE // 1000
            shed = len(plain) - len(caught_up)
            scores.append(
                [
                    shed / (len(late) * ms * RATE / 1000),
                    pesq_wb(speech[begin:], caught_up[begin - shed :]),
                    pesq_wb(speech[begin:], plain[begin:]),
                ]
            )
        shed, after, without = np.mean(scores, axis=0)
        print(f"{name:8} {shed:8.0%} {after:6.2f} {without:16.2f}")
        if after < without - EQUAL[codec]:
            failures.append(f"{name}: {after:.2f} after a stall, {without:.2f} without")
    return failures


def encode_ours(name, speech, *options):
    return run("encode", name, *options, stdin=wav(speech)).decode().splitlines()


def decode_ours(packets, ms, *options):
    pcm = run("decode", str(ms * RATE // 1000), *options, stdin="\n".join([*packets, ""]).encode())
    return wavfile.read(io.BytesIO(pcm))[1] / 32768


def encode_reference(name, speech):
    _, ms, codec, profile = next(row for row in PROFILES if row[0] == name)
    encoder = {"Opus": Opus, "Codec2": Codec2}[codec]
    encoder = encoder(getattr(encoder, profile))
    encoder.source = types.SimpleNamespace(samplerate=RATE)
    length = ms * RATE // 1000
    header = {"Opus": "01", "Codec2": "02"}[codec]
    frames = [speech[n : n + length] for n in range(0, len(speech) - length + 1, length)]
    return [header + encoder.encode(frame.reshape(-1, 1)).hex() for frame in frames]


def decode_reference(packets, codec):
    decoder = {"Opus": Opus, "Codec2": Codec2}[codec]()
    decoder.sink = types.SimpleNamespace(samplerate=RATE, channels=None)
    frames = [decoder.decode(bytes.fromhex(packet)[1:]) for packet in packets]
    return np.mean(np.concatenate(frames), axis=1)


def airtime(packets, ms):
    """A link packet is 67 bytes, and 5 more than the payload padded to the next 16."""
    sizes = [67 + (len(packet) // 2 + 4) // 16 * 16 + 16 for packet in packets]
    return sum(sizes) / (len(packets) * ms / 1000)


def pesq_wb(speech, heard):
    return pesq(16_000, *at_rate(16_000, speech, heard), "wb")


def pesq_nb(speech, heard):
    return pesq(8_000, *at_rate(8_000, speech, heard), "nb")


def stoi(speech, heard):
    """The best over delays of up to 96 ms: Codec2 keeps no phase to align by."""
    speech, heard = at_rate(16_000, speech, heard)
    length = min(len(speech), len(heard)) - 1_536
    delays = range(0, 1_537, 128)
    return max(pystoi(speech[:length], heard[d : d + length], 16_000) for d in delays)


def at_rate(rate, *signals):
    return [signal.resample_poly(pcm, rate, RATE).astype(np.float32) for pcm in signals]


def load_speakers():
    rate, speech = wavfile.read(ROOT / "examples/speech.wav")
    speech = speech / 32768
    noise = np.random.default_rng(0)
    speakers = []
    for up, down in ((1, 1), (7, 6), (6, 7)):
        pcm = signal.resample_poly(speech, RATE // rate * up, down)
        speakers.append(0.5 * pcm / np.max(np.abs(pcm)) + noise.normal(0, NOISE, len(pcm)))
    return speakers


def wav(pcm):
    file = io.BytesIO()
    wavfile.write(file, RATE, np.round(pcm * 32767).astype(np.int16))
    return file.getvalue()


def run(*arguments, stdin):
    path = TARGET / "release/examples/transcode"
    return subprocess.run([path, *arguments], input=stdin, capture_output=True, check=True).stdout


def build():
    """Builds `transcode`, with libcodec2 where it is installed; returns whether it is."""
    found = subprocess.run(["pkg-config", "--exists", "codec2"], check=False).returncode == 0
    features = ["--features", "codec2-system"] if found else []
    command = ["cargo", "build", "--release", "--quiet", "-p", "lxst-codecs"]
    subprocess.run([*command, "--example", "transcode", *features], cwd=ROOT, check=True)
    return found


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", choices=[row[0] for row in PROFILES], help="one profile only")
    parser.add_argument("--loss", type=float, metavar="PERCENT", help="measure concealment too")
    parser.add_argument("--stall", action="store_true", help="measure speech after a stall too")
    parser.add_argument("--rates", action="store_true", help="compare variable and constant rate")
    return parser.parse_args()


def enter_environment():
    """Goes on in a virtual environment that has what is needed."""
    home = TARGET / "quality"
    python = home / "bin/python"
    if pathlib.Path(sys.prefix) == home:
        return
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *NEEDS], check=True)
    os.execv(python, [python, *sys.argv])


if __name__ == "__main__":
    parse_arguments()
    enter_environment()
    import numpy as np
    from LXST.Codecs import Codec2, Opus
    from peer_sound import NOISE
    from pesq import pesq
    from pystoi import stoi as pystoi
    from scipy import signal
    from scipy.io import wavfile

    if not build():
        PROFILES = [row for row in PROFILES if row[2] == "Opus"]
    main()
