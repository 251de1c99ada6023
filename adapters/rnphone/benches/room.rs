//! What a member of `rnphone-rs room` costs: processor time of the room, while all members speak.

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::error::Error;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("room-bench");
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let speech = long_speech(&folder)?;
    println!("| profile | members | of a core | a member |");
    println!("|---|---|---|---|");
    for profile in ["mq", "ll"] {
        for members in [2, 8, 32] {
            let load =
                load(&folder.join(format!("{profile}-{members}")), &speech, profile, members)?;
            let each = load / f64::from(members);
            println!("| {profile} | {members} | {:.1} % | {:.2} % |", 100.0 * load, 100.0 * each);
        }
    }
    Ok(())
}

/// Returns how much of a core the room takes.
fn load(folder: &Path, speech: &Path, profile: &str, members: u32) -> Result<f64, Box<dyn Error>> {
    let most = members.to_string();
    let (room, mut lines) =
        start(&folder.join("room"), &["room", "--listen", "127.0.0.1:0", "--members", &most])?;
    let identity = told(&mut lines, "identity")?;
    let address = told(&mut lines, "listening")?;
    let speech = speech.to_str().ok_or("the path is text")?;
    let call = ["--call", &identity, "--connect", &address, "--profile", profile];
    let mut callers = Vec::new();
    for member in 0..members {
        let folder = folder.join(member.to_string());
        callers.push(start(&folder, &[&call[..], &["--audio-in", speech]].concat())?);
        told(&mut lines, "joined")?;
    }
    thread::sleep(WARM_UP);
    let before = processor_time(&room)?;
    thread::sleep(MEASURED);
    let taken = processor_time(&room)? - before;
    Ok(taken.as_secs_f64() / MEASURED.as_secs_f64())
}

/// A program, which ends with the bench.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

type Told = Lines<BufReader<ChildStdout>>;

fn start(folder: &Path, arguments: &[&str]) -> Result<(Program, Told), Box<dyn Error>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rnphone-rs"));
    command.args(arguments).arg("--no-devices").arg("--config").arg(folder);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().ok_or("it is piped")?;
    Ok((Program(child), BufReader::new(stdout).lines()))
}

/// Reads the next line that begins with this word, and returns the word behind it.
fn told(lines: &mut Told, word: &str) -> Result<String, Box<dyn Error>> {
    for line in lines {
        let line = line?;
        let mut words = line.split_whitespace();
        if words.next() == Some(word) {
            return Ok(words.next().ok_or("a value")?.to_owned());
        }
    }
    Err(format!("it ended without {word}").into())
}

/// Returns what Linux counts for a process, in user and kernel, in ticks of 10 ms.
fn processor_time(child: &Program) -> Result<Duration, Box<dyn Error>> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.0.id()))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("the name ends")?;
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = times.map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(10) * u32::try_from(ticks)?)
}

/// Writes a minute of speech.
fn long_speech(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let path = folder.join("speech.wav");
    let mut reader = hound::WavReader::open(SPEECH)?;
    let spec = reader.spec();
    let samples: Vec<i16> = reader.samples().collect::<Result<_, _>>()?;
    let mut writer = hound::WavWriter::create(&path, spec)?;
    for sample in samples.iter().cycle().take(60 * spec.sample_rate as usize) {
        writer.write_sample(*sample)?;
    }
    writer.finalize()?;
    Ok(path)
}

const SPEECH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/speech.wav");
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(10);
