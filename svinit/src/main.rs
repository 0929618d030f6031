//! See the library.
fn main() -> std::process::ExitCode {
    svinit::main(std::env::args_os().collect())
}
