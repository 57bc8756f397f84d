//! What both programs say of the machine they run on.

use serde::Serialize;

#[derive(Serialize)]
pub struct Machine {
    pub arch: &'static str,
    pub libc: &'static str,
    pub processors: usize,
}

pub fn machine() -> Machine {
    Machine {
        arch: std::env::consts::ARCH,
        libc: if cfg!(target_env = "musl") { "musl" } else { "glibc" },
        processors: std::thread::available_parallelism().map_or(1, Into::into),
    }
}
