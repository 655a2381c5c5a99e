//! What happens in the demo's cluster: load that comes and goes, and an incident now and then. A function of time
//! alone, so that history and present fit together.

/// The nodes; each runs one replica of the model on its GPUs.
pub(super) const NODES: [&str; 2] = ["gpu-01", "gpu-02"];
/// GPUs of a node.
pub(super) const GPUS: usize = 4;
/// The model that is served.
pub(super) const MODEL: &str = "meta-llama/Llama-3.3-70B-Instruct";

/// From incident to incident, ms.
const INCIDENT_EVERY_MS: i64 = 3 * 3_600_000;
/// A GPU grows hot, then falls off the bus, then its replica starts anew.
const HOT_MS: i64 = 4 * 60_000;
const DOWN_MS: i64 = 6 * 60_000;
const LOADING_MS: i64 = 2 * 60_000;
/// The incident's node and GPU.
const SICK: (usize, usize) = (1, 2);

/// How a replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Well,
    /// One of its GPUs is too hot and throttles.
    Hot,
    Down,
    /// It runs again and reads the model's weights.
    Loading,
}

/// The cluster at one moment.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) t_ms: i64,
    pub(super) nodes: [Node; 2],
}

/// A replica and its node at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) health: Health,
    /// Requests that arrive a second.
    pub(super) arrivals: f64,
    /// How busy it is: 1 = all it can do.
    pub(super) busy: f64,
    pub(super) waiting: f64,
}

impl Node {
    pub(super) fn is_up(&self) -> bool {
        self.health != Health::Down
    }

    pub(super) fn serves(&self) -> bool {
        matches!(self.health, Health::Well | Health::Hot)
    }

    /// Whether this GPU is the one that fails.
    pub(super) fn is_sick(&self, node: usize, gpu: usize) -> bool {
        (node, gpu) == SICK && self.health != Health::Well
    }
}

/// The story: when its first incident begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Story {
    pub(super) incident_ms: i64,
}

impl Story {
    pub(super) fn at(&self, t_ms: i64) -> Moment {
        let sick = self.health(t_ms);
        let load = load(t_ms);
        let alone = !matches!(sick, Health::Well | Health::Hot);
        let nodes = [0, 1].map(|node| {
            let health = if node == SICK.0 { sick } else { Health::Well };
            let share = match (alone, health) {
                (true, Health::Well) => 1.0,
                (true, _) => 0.0,
                (false, _) => 0.5,
            };
            let arrivals = 11.0 * load * share * (1.0 + 0.06 * noise(t_ms, node as u64));
            // One GPU of four at half speed slows the replica by a third.
            let capacity = if health == Health::Hot { 5.4 } else { 8.0 };
            let busy = arrivals / capacity;
            let waiting =
                ((busy - 0.82).max(0.0) * 60.0).powf(1.2) * (1.0 + 0.1 * noise(t_ms, 7 + node as u64));
            Node { health, arrivals, busy: busy.min(1.0), waiting: waiting.max(0.0).round() }
        });
        Moment { t_ms, nodes }
    }

    fn health(&self, t_ms: i64) -> Health {
        let since = (t_ms - self.incident_ms).rem_euclid(INCIDENT_EVERY_MS);
        match since {
            s if s < HOT_MS => Health::Hot,
            s if s < HOT_MS + DOWN_MS => Health::Down,
            s if s < HOT_MS + DOWN_MS + LOADING_MS => Health::Loading,
            _ => Health::Well,
        }
    }
}

/// Between a quarter and all of what the cluster can do: slow waves, a peak every twenty minutes.
fn load(t_ms: i64) -> f64 {
    let minutes = t_ms as f64 / 60_000.0;
    let wave = |period: f64, shift: f64| (std::f64::consts::TAU * (minutes + shift) / period).sin();
    let peak = ((minutes % 20.0 - 9.0) / 1.8).powi(2);
    (0.55 + 0.16 * wave(47.0, 0.0) + 0.07 * wave(11.0, 3.0) + 0.35 * (-peak).exp()).clamp(0.2, 1.1)
}

/// Between -1 and 1, the same for the same moment and seed.
pub(super) fn noise(t_ms: i64, seed: u64) -> f64 {
    // SplitMix64: well mixed, and three lines.
    let mut x = (t_ms as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ seed.wrapping_mul(0xD1B5_4A32_D192_ED03);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_goes_its_way_and_the_other_replica_takes_over() {
        let story = Story { incident_ms: 0 };
        let healths: Vec<Health> =
            [60_000, 300_000, 650_000, 800_000].map(|t| story.at(t).nodes[1].health).to_vec();
        assert_eq!(healths, [Health::Hot, Health::Down, Health::Loading, Health::Well]);
        let (before, during) = (story.at(-60_000), story.at(400_000));
        assert_eq!(during.nodes[1].arrivals, 0.0);
        assert!(during.nodes[0].arrivals > before.nodes[0].arrivals);
        assert!((0..5000).all(|i| noise(i * 977, 3).abs() <= 1.0));
    }
}
