//! Conversion of floats to samples, and the formats without a type in Rust: IEEE 754 half precision
//! and the x87 extended format.

/// Returns a float as a sample: clipped to -1 to 1; NaN becomes zero.
pub(crate) fn sanitised(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) }
}

/// Rounds to half precision, to nearest with ties to even.
pub(crate) fn f16_from_f32(value: f32) -> [u8; 2] {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let magnitude = bits & 0x7FFF_FFFF;
    let half = match magnitude {
        0x7F80_0001.. => 0x7E00,
        0x477F_F000.. => 0x7C00,
        // 2^-14 and above: drop 13 mantissa bits, rebias the exponent from 127 to 15.
        0x3880_0000.. => (round_shift(magnitude, 13) - (112 << 10)) as u16,
        // Subnormal halves count 2^-24s; 2^-25 and less round to zero.
        0x3300_0001.. => {
            let mantissa = magnitude & 0x007F_FFFF | 0x0080_0000;
            round_shift(mantissa, 126 - (magnitude >> 23)) as u16
        }
        _ => 0,
    };
    (sign | half).to_le_bytes()
}

/// Widens half precision, exactly.
pub(crate) fn f32_from_f16(bytes: [u8; 2]) -> f32 {
    let bits = u16::from_le_bytes(bytes);
    let (exponent, mantissa) = (bits >> 10 & 0x1F, bits & 0x03FF);
    let magnitude = match exponent {
        0 => f32::from(mantissa) * SUBNORMAL_F16,
        0x1F => f32::from_bits(0x7F80_0000 | u32::from(mantissa) << 13),
        _ => f32::from_bits((u32::from(exponent) + 112) << 23 | u32::from(mantissa) << 13),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

/// Widens to the 80-bit x87 extended format, exactly, with 6 bytes of zero padding.
///
/// ```text
/// | mantissa: u64 le, bit 63 the integer | sign: 1, exponent: 15, u16 le | padding: 6 bytes |
/// ```
///
/// *Source*: numpy's `longdouble` on x86-64, which is the reference's `float128`.
pub(crate) fn x87_from_f32(value: f32) -> [u8; 16] {
    // A finite f32 other than zero is a normal f64, whose exponent is biased by 1023.
    let bits = f64::from(value).to_bits();
    let sign = (bits >> 63) as u16;
    let (mantissa, exponent) = match (bits >> 52) as u16 & 0x7FF {
        0 => (0, 0),
        0x7FF => (1 << 63 | bits << 11, 0x7FFF),
        exponent => (1 << 63 | bits << 11, exponent + (X87_BIAS - 1023)),
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
    bytes[8..10].copy_from_slice(&(sign << 15 | exponent).to_le_bytes());
    bytes
}

/// Narrows the 80-bit x87 extended format and ignores the 6 bytes of padding.
///
/// *Bounds*: beyond the range of `f64`, small values become zero and large ones infinite.
pub(crate) fn f32_from_x87(bytes: [u8; 16]) -> f32 {
    let [m0, m1, m2, m3, m4, m5, m6, m7, top0, top1, ..] = bytes;
    let mantissa = u64::from_le_bytes([m0, m1, m2, m3, m4, m5, m6, m7]);
    let top = u16::from_le_bytes([top0, top1]);
    let exponent = i32::from(top & 0x7FFF);
    let magnitude = match (exponent, mantissa) {
        (_, 0) => 0.0,
        (0x7FFF, mantissa) if mantissa << 1 != 0 => f64::NAN,
        (exponent, mantissa) => mantissa as f64 * power_of_two(exponent - i32::from(X87_BIAS) - 63),
    };
    (if top & 0x8000 == 0 { magnitude } else { -magnitude }) as f32
}

/// 2 to the power of `exponent`; zero below the normal range of `f64`, infinite above.
fn power_of_two(exponent: i32) -> f64 {
    match exponent {
        ..=-1023 => 0.0,
        -1022..=1023 => f64::from_bits(((exponent + 1023) as u64) << 52),
        1024.. => f64::INFINITY,
    }
}

/// Shifts right and rounds to nearest, ties to even.
fn round_shift(value: u32, shift: u32) -> u32 {
    let half = 1 << (shift - 1);
    let odd = value >> shift & 1;
    (value + half - 1 + odd) >> shift
}

/// 2^-24, the smallest half above zero.
const SUBNORMAL_F16: f32 = 1.0 / 16_777_216.0;
const X87_BIAS: u16 = 16_383;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_halves_convert_both_ways() {
        for (value, bits) in [
            (0.0, 0x0000),
            (-0.0, 0x8000),
            (0.5, 0x3800),
            (1.0, 0x3C00),
            (-1.0, 0xBC00),
            (0.333_251_95, 0x3555),
            (65504.0, 0x7BFF),
            (6.103_515_6e-5, 0x0400),
            (6.097_555e-5, 0x03FF),
            (5.960_464_5e-8, 0x0001),
            (f32::INFINITY, 0x7C00),
            (f32::NEG_INFINITY, 0xFC00),
        ] {
            assert_eq!(u16::from_le_bytes(f16_from_f32(value)), bits, "{value}");
            let back = f32_from_f16(u16::to_le_bytes(bits));
            assert_eq!(back.to_bits(), value.to_bits(), "{bits:#06x}");
        }
    }

    #[test]
    fn every_half_survives_the_way_to_f32_and_back() {
        for bits in 0..=u16::MAX {
            let wide = f32_from_f16(bits.to_le_bytes());
            let back = u16::from_le_bytes(f16_from_f32(wide));
            if wide.is_nan() {
                assert_eq!(back & 0x7FFF, 0x7E00);
            } else {
                assert_eq!(back, bits);
            }
        }
    }

    #[test]
    fn halves_round_to_nearest_with_ties_to_even() {
        // Between two neighbouring halves every f32 goes to the nearer, the middle to the even one.
        for bits in 0..0x7BFF_u16 {
            let (low, high) =
                (f32_from_f16(bits.to_le_bytes()), f32_from_f16((bits + 1).to_le_bytes()));
            let middle = (low + high) / 2.0;
            let half = |value| u16::from_le_bytes(f16_from_f32(value));
            assert_eq!(half(middle), bits + (bits & 1), "{bits:#06x}");
            assert_eq!(half(middle.next_down()), bits, "{bits:#06x}");
            assert_eq!(half(middle.next_up()), bits + 1, "{bits:#06x}");
        }
        assert_eq!(f16_from_f32(65519.996), [0xFF, 0x7B]);
        assert_eq!(f16_from_f32(65520.0), [0x00, 0x7C]);
    }

    #[test]
    fn known_extended_values_convert_both_ways() {
        for (value, expected) in [
            (0.0, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            (0.5, [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFE, 0x3F]),
            (-1.0, [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0xBF]),
            (0.75, [0, 0, 0, 0, 0, 0, 0, 0xC0, 0xFE, 0x3F]),
            (0.1, [0, 0, 0, 0, 0, 0xCD, 0xCC, 0xCC, 0xFB, 0x3F]),
            (f32::INFINITY, [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0x7F]),
        ] {
            let mut bytes = [0; 16];
            bytes[..10].copy_from_slice(&expected);
            assert_eq!(x87_from_f32(value), bytes, "{value}");
            bytes[10..].fill(0xA5);
            assert_eq!(f32_from_x87(bytes), value);
        }
    }

    #[test]
    fn every_kind_of_f32_survives_the_extended_format() {
        for step in 0..=u16::MAX {
            let value = f32::from_bits(u32::from(step) << 16 | 0x5A5A);
            let back = f32_from_x87(x87_from_f32(value));
            assert!(back == value || back.is_nan() && value.is_nan(), "{value:e} became {back:e}");
        }
    }

    #[test]
    fn extended_values_beyond_f64_become_zero_infinite_or_nan() {
        let extended = |mantissa: u64, top: u16| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
            bytes[8..10].copy_from_slice(&top.to_le_bytes());
            f32_from_x87(bytes)
        };
        assert_eq!(extended(1 << 63, 0x0001), 0.0);
        assert_eq!(extended(1 << 63, 0x7FFE), f32::INFINITY);
        assert_eq!(extended(1 << 63, 0xFFFE), f32::NEG_INFINITY);
        assert_eq!(extended(0, 0x7FFE), 0.0);
        assert!(extended(3 << 62, 0x7FFF).is_nan());
    }
}
