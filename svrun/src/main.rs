//! See the library.
fn main() -> std::process::ExitCode {
    svrun::main(std::env::args_os().collect())
}
