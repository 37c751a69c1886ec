//! Codes that the server makes.

use charsu::code::Code;

#[test]
fn random_codes_are_six_digits_and_every_one_is_as_likely() {
    // Draws spread evenly over all that 32 bits can be must hit each tenth of the codes equally often.
    const DRAWS: u32 = 90_000;
    let mut tenths = [0_u32; 10];
    for draw in 0..DRAWS {
        let bytes = ((u64::from(draw) << 32) / u64::from(DRAWS)) as u32;
        let code = Code::random(&mut |out: &mut [u8]| out.copy_from_slice(&bytes.to_le_bytes()));
        assert!((100_000..=999_999).contains(&code.number()), "{code}");
        tenths[(code.number() as usize - 100_000) / 90_000] += 1;
    }
    assert!(tenths.iter().all(|hits| hits.abs_diff(DRAWS / 10) < DRAWS / 100), "{tenths:?}");
}

#[test]
fn a_draw_that_would_favour_small_codes_is_drawn_again() {
    let mut draws = [u32::MAX, 4_294_800_000, 4_294_799_999].into_iter();
    let code = Code::random(&mut |out: &mut [u8]| {
        out.copy_from_slice(&draws.next().expect("three draws").to_le_bytes());
    });
    assert_eq!(code.number(), 999_999);
    assert_eq!(draws.next(), None);
}

#[test]
fn a_broken_generator_still_gives_a_code() {
    let code = Code::random(&mut |out: &mut [u8]| out.fill(0xFF));
    assert!(Code::parse(&code.to_string()).is_some());
}
