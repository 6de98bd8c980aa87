//! Delta debugging: the smallest part of a list that is still interesting.
//!
//! The algorithm is that of Zeller and Hildebrandt (2002), with complements alone: a part by
//! itself, without what comes before it, is hardly ever a conversation.

/// Takes items away while `is_interesting` holds of the rest, in ever smaller portions from the
/// back to the front; at the end no item can be left out alone. `is_interesting` is never asked
/// about `items` itself.
///
/// Asks O(n²) times at worst, and about `k·log n` times where `k` of `n` items matter.
pub(super) fn ddmin<T: Clone>(items: Vec<T>, is_interesting: impl FnMut(&[T]) -> bool) -> Vec<T> {
    ddmin_to(items, 1, is_interesting)
}

/// The same for items that are many and hardly matter: portions get no smaller than a share of
/// what is left. Where nothing can be left out this asks some forty times, however many there are.
pub(super) fn ddmin_coarsely<T: Clone>(
    items: Vec<T>,
    mut is_interesting: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
    const SHARES: usize = 16;
    let mut kept = items;
    loop {
        let count = kept.len();
        kept = ddmin_to(kept, count / SHARES, &mut is_interesting);
        if kept.len() == count || count < SHARES {
            return kept;
        }
    }
}

fn ddmin_to<T: Clone>(
    items: Vec<T>,
    finest: usize,
    mut is_interesting: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
    let mut kept = items;
    let finest = finest.max(1);
    if kept.is_empty() || is_interesting(&[]) {
        return Vec::new();
    }
    let mut portion = kept.len().div_ceil(2);
    while kept.len() > 1 {
        let mut end = kept.len();
        let mut is_smaller = false;
        while end > 0 && kept.len() > 1 {
            let start = end.saturating_sub(portion);
            let (head, tail) = (kept.get(..start), kept.get(end..));
            let rest = [head.unwrap_or_default(), tail.unwrap_or_default()].concat();
            if !rest.is_empty() && is_interesting(&rest) {
                kept = rest;
                is_smaller = true;
            }
            end = start.min(kept.len());
        }
        if portion > finest {
            portion = portion.div_ceil(2).max(finest).min(kept.len().max(2) - 1);
        } else if !is_smaller {
            break;
        }
    }
    kept
}

/// The smallest number from `least` to `most` that is interesting, where all above it are too;
/// `most` is known to be.
pub(super) fn bisect(
    least: usize,
    most: usize,
    mut is_interesting: impl FnMut(usize) -> bool,
) -> usize {
    if most <= least || is_interesting(least) {
        return least.min(most);
    }
    let (mut dull, mut good) = (least, most);
    while good - dull > 1 {
        let middle = dull + (good - dull) / 2;
        if is_interesting(middle) {
            good = middle;
        } else {
            dull = middle;
        }
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of `count` items when all of `needed` must stay, and how often was asked.
    fn left(count: usize, needed: &[usize]) -> (Vec<usize>, usize) {
        let mut asked = 0;
        let kept = ddmin((0..count).collect(), |rest| {
            asked += 1;
            needed.iter().all(|item| rest.contains(item))
        });
        (kept, asked)
    }

    #[test]
    fn only_what_is_needed_is_left() {
        let cases: [&[usize]; 6] = [&[], &[0], &[199], &[0, 199], &[3, 50, 51, 120], &[7, 8, 9]];
        for needed in cases {
            let (kept, asked) = left(200, needed);
            assert_eq!(kept, needed);
            assert!(asked <= 12 + needed.len() * 24, "{needed:?}: {asked}");
        }
        assert_eq!(left(1, &[0]).0, [0]);
        assert_eq!(left(0, &[]).0, [0; 0]);
    }

    #[test]
    fn the_rest_is_minimal_where_items_depend_on_each_other() {
        // Odd items only count with the even one before them, and five pairs are needed.
        let is_interesting = |rest: &[usize]| {
            let pairs = rest.iter().filter(|item| *item % 2 == 1);
            pairs.filter(|item| rest.contains(&(*item - 1))).count() >= 5
        };
        let kept = ddmin((0..100).collect(), is_interesting);
        assert_eq!(kept.len(), 10);
        assert!(is_interesting(&kept));
    }

    #[test]
    fn many_items_that_all_matter_cost_little() {
        let mut asked = 0;
        let all: Vec<usize> = (0..5_000).collect();
        let kept = ddmin_coarsely(all.clone(), |rest| {
            asked += 1;
            rest.len() == 5_000
        });
        assert_eq!(kept, all);
        assert!(asked < 50, "{asked}");
        let kept = ddmin_coarsely(all, |rest| rest.contains(&77) && rest.contains(&4_000));
        assert_eq!(kept, [77, 4_000]);
    }

    #[test]
    fn numbers_are_found_by_halves() {
        for threshold in [0, 1, 2, 77, 999, 1000] {
            let mut asked = 0;
            let found = bisect(0, 1000, |n| {
                asked += 1;
                n >= threshold
            });
            assert_eq!(found, threshold);
            assert!(asked <= 11);
        }
        assert_eq!(bisect(1, 1, |_| false), 1);
    }
}
