fn main() -> Result<(), serde_json::Error> {
    println!("{}", serde_json::to_string(&shared::machine())?);
    Ok(())
}
