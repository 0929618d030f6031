//! See the library.
fn main() -> std::process::ExitCode {
    svctl::main(std::env::args_os().collect())
}
