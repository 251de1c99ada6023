//! Network namespaces of Linux: machines of their own, as far as the network can tell.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace with a loopback interface. It ends with this process.
#[derive(Debug)]
pub struct Namespace {
    holder: Child,
    /// The holder ends when this is closed.
    stdin: Option<ChildStdin>,
}

/// Two namespaces with a cable between them: `eth0` of one and of the other.
#[derive(Debug)]
pub struct Segment {
    /// The namespace of the phone that is tested.
    pub here: Namespace,
    /// The namespace of the other one.
    pub there: Namespace,
}

impl Segment {
    /// Makes the namespaces, with the cable plugged in.
    ///
    /// # Panics
    /// Where this process may not make namespaces; the message says what to do.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        let segment = Self { here: Namespace::new(), there: Namespace::new() };
        let there = segment.there.holder.id().to_string();
        let peer = ["type", "veth", "peer", "name", DEVICE, "netns", &there];
        segment.here.ip(&[&["link", "add", DEVICE][..], &peer].concat());
        for namespace in [&segment.here, &segment.there] {
            // An address that is there at once, where the system would ask the network first.
            namespace.ip(&["link", "set", "dev", DEVICE, "addrgenmode", "none"]);
        }
        segment.there.plug_in(2);
        segment.plug_in();
        segment
    }

    /// Plugs the cable in, here.
    #[track_caller]
    pub fn plug_in(&self) {
        self.here.plug_in(1);
    }

    /// Unplugs the cable, here: the network interface has no address from then.
    #[track_caller]
    pub fn unplug(&self) {
        self.here.ip(&["link", "set", DEVICE, "down"]);
    }
}

impl Default for Segment {
    fn default() -> Self {
        Self::new()
    }
}

impl Namespace {
    #[track_caller]
    fn new() -> Self {
        let mut holder = Command::new("unshare")
            .args(["--net", "sh", "-c", "ip link set lo up && echo made && cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("unshare, of Debian's util-linux: {error}"));
        let mut made = String::new();
        let stdout = holder.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut made).expect("a pipe is read");
        assert!(
            made == "made\n",
            "no network namespace can be made here, which needs Debian's iproute2 and root, or: \
             unshare --user --map-root-user cargo test -p lxst-interop --features namespaces"
        );
        Self { stdin: holder.stdin.take(), holder }
    }

    /// Moves this thread into the namespace, with the threads that it starts from then.
    ///
    /// # Panics
    /// When the system refuses.
    #[track_caller]
    pub fn enter(&self) {
        let namespace = File::open(self.path()).expect("the holder lives");
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("this process made the namespace");
    }

    /// The command line that runs another in the namespace.
    pub(crate) fn wrapper(&self) -> impl Iterator<Item = String> {
        ["nsenter".to_owned(), format!("--net={}", self.path())].into_iter()
    }

    #[track_caller]
    fn plug_in(&self, number: u32) {
        self.ip(&["link", "set", DEVICE, "up"]);
        self.ip(&["address", "add", &format!("fe80::{number}/64"), "dev", DEVICE, "nodad"]);
    }

    #[track_caller]
    fn ip(&self, arguments: &[&str]) {
        let mut wrapper = self.wrapper();
        let mut command = Command::new(wrapper.next().expect("a program"));
        let said = command.args(wrapper).arg("ip").args(arguments).output();
        let said = said.unwrap_or_else(|error| panic!("nsenter, of Debian's util-linux: {error}"));
        assert!(said.status.success(), "ip {arguments:?}: {said:?}");
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.holder.id())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.stdin = None;
        // It reads to the end of a file that has ended.
        let _ = self.holder.wait();
    }
}

const DEVICE: &str = "eth0";
