//! What bzip2 wrote, what it was before, and what happens to damaged streams.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// Two streams: `one`, `two`; `three`.
pub(crate) const TWO_STREAMS: &str = "QlpoOTFBWSZTWacUK3cAAALBgAAQAgGEgCAAIYAMAjj1G4u5IpwoSFOKFbuAQlpoOTFBWSZTWQHHM2oAAALBgAAQAkAUACAAIYNB\
    mgiwHF3JFOFCQAcczag=";
/// Runs of 3, 4, 5, 259, 260 and 100,000 equal bytes, then all bytes four times.
const RUNS: &str = "QlpoOTFBWSZTWYGi/ggAAMT/////////////////////////////////////////////wAI8AACTAATAAEwAAAAAAAAAAAAAAAAA\
    AAAAAAAAAAAAAAAAAAAASYACYAAmAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACTAATAAEwAAAAAAAAAAAAAAAAAAAAAAAAAA\
    AAAAAAAAAAACqlQQAAEwANCbSMmTRo0xMBpGE0ZGIwGnqeqZBiMTIwmmmJkxMTam0JgTExGmAjQwTABMJgAAgYmjTAmTBId6EnEj\
    yJc5cS8mBMSZEzJoTUmxNycE5J0TsnhPTwCfE/KAUEoRQyiFFKMUcpBSSQKUUsph4JFkSRKceEeGU8qB4hUSpHilTPGPHKoeQeSV\
    U8oqxVysHllZK0VsrhXSvFfJIsB5h5pYSxFjLIecWU889AsxZz0T0i0FpLUemeoWsthbS3FvLgXEky5EQiRUUiwjYIkLnHEWHbix\
    qWEZ6sI+WxqOIyShHiAhLY0ICEcRhCAhdC6nrHrnsHsl2LuXg9o9svJei9nuF8L6e6e8X4v5gDAnvmCPgMGfCYQwphj4jDmIPjMS\
    YoxZ8hjDGmOPlMeSh8xkCVMiZIyZ85lDKmWMuZgzJ9BmjNmcPpM6Z4z59R9ZoD7DQmiNGaQ0ppjTn2n3GoPvPwPxNSao1ZrDWn5G\
    uNebA2JsjZm0NqbY25uD8zcm6N2bw/Q3pvjfnAOCcI4ZxDinGOOcg5JyjlnMOafqfsfufwfyc4550D+jon9n+HSP9OmdQ6p1jrnY\
    P+Oydo/8yEpKCAh2yVO4d07x3xdyRThQkIGi/gg=";

fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    Bzip2Reader::new(bytes).read_to_end(&mut text).map(|_| text)
}

#[test]
fn streams_and_runs() {
    let two = STANDARD.decode(TWO_STREAMS).unwrap();
    assert_eq!(read(&two).unwrap(), b"one\ntwo\nthree\n");
    let mut expect = Vec::new();
    for (byte, n) in [(b'a', 3), (b'b', 4), (b'c', 5), (b'd', 259), (b'e', 260), (b'f', 100_000)] {
        expect.extend(std::iter::repeat_n(byte, n));
    }
    expect.extend((0..4).flat_map(|_| 0..=255_u8));
    assert!(read(&STANDARD.decode(RUNS).unwrap()).unwrap() == expect);
    assert_eq!(read(&[&two[..], b"and more"].concat()).unwrap(), b"one\ntwo\nthree\n");
}

#[test]
fn damage_is_an_error() {
    // The longer one costs more to read: every bit of the short one, one of each few bytes of the long one.
    for (text, bytes, bits) in [(TWO_STREAMS, 1, 1), (RUNS, 11, 8)] {
        let whole = STANDARD.decode(text).unwrap();
        let expect = read(&whole).unwrap();
        for at in (0..whole.len()).step_by(bytes) {
            for bit in (0..8).step_by(bits) {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << bit;
                // The header of the second stream may become what follows the first.
                let right = read(&damaged).is_ok_and(|got| got != expect && !expect.starts_with(&got));
                assert!(!right, "byte {at}, bit {bit}");
            }
            let cut = read(&whole[..at]);
            assert!(cut.is_err() || expect.starts_with(&cut.unwrap()), "{at} bytes");
        }
    }
    assert!(read(b"").is_err() && read(b"no bzip2 at all").is_err());
}

#[test]
fn blocks_of_all_sizes() {
    let mut seed = 7_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u8
    };
    let words: Vec<u8> = (0..1_500_000).map(|_| b"abcdefgh\n "[usize::from(next() % 10)]).collect();
    let noise: Vec<u8> = (0..400_000).map(|_| next()).collect();
    for (level, text) in [("-1", &words), ("-9", &words), ("-9", &noise)] {
        let child = Command::new("bzip2").arg(level).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = child else {
            println!("skipped: bzip2 is not installed");
            return;
        };
        let (mut input, given) = (child.stdin.take().unwrap(), text.clone());
        let writer = std::thread::spawn(move || input.write_all(&given));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(read(&output.stdout).unwrap() == *text, "{level}");
    }
}
