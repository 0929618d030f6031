//! See the library.
fn main() -> std::process::ExitCode {
    svbox::main(std::env::args_os().collect())
}
