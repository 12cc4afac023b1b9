//! Prometheus' text format, read strictly: what it would not take falls over.

use std::collections::{BTreeMap, BTreeSet};

/// Everything that a scrape gave.
#[derive(Debug, Default)]
pub struct Scrape {
    /// Each family: its kind, and its help.
    pub families: BTreeMap<String, Family>,
    series: BTreeMap<(String, Labels), f64>,
}

type Labels = BTreeMap<String, String>;

/// What is said of a metric.
#[derive(Debug, Default, PartialEq)]
pub struct Family {
    pub kind: String,
    pub help: String,
}

impl Scrape {
    /// Reads what `/metrics` gave.
    pub fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends");
        let mut scrape = Self::default();
        let mut current = String::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# ") {
                let (what, rest) = rest.split_once(' ').unwrap();
                let (name, said) = rest.split_once(' ').unwrap();
                name.clone_into(&mut current);
                let family = scrape.families.entry(name.to_owned()).or_default();
                let place = match what {
                    "HELP" => &mut family.help,
                    "TYPE" => &mut family.kind,
                    other => panic!("{other}: {line}"),
                };
                assert!(place.is_empty() && !said.is_empty(), "said twice, or nothing: {line}");
                said.clone_into(place);
            } else {
                scrape.sample(line, &current);
            }
        }
        scrape.check_histograms();
        scrape
    }

    fn sample(&mut self, line: &str, family: &str) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, read_labels(labels.strip_suffix('}').unwrap())),
            None => (series, Labels::new()),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(name.chars().all(is_name) && name.starts_with(char::is_alphabetic), "{line}");
        assert_eq!(self.family_of(name), family, "stands with its family: {line}");
        let twice = self.series.insert((name.to_owned(), labels), value);
        assert_eq!(twice, None, "a series stands once: {line}");
    }

    /// The family of a series: its own name, or what a histogram adds to it.
    fn family_of<'a>(&self, name: &'a str) -> &'a str {
        let stem = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let of_histogram =
            |stem: &&str| self.families.get(*stem).is_some_and(|family| family.kind == "histogram");
        stem.filter(of_histogram).unwrap_or(name)
    }

    /// Every histogram counts up from bound to bound, and to its count in the last.
    fn check_histograms(&self) {
        let is_histogram = |family: &&Family| family.kind == "histogram";
        for (name, _) in self.families.iter().filter(|(_, family)| is_histogram(family)) {
            let (count_of, bucket_of) = (format!("{name}_count"), format!("{name}_bucket"));
            let counts: Vec<_> = self.all(&count_of).collect();
            assert!(!counts.is_empty(), "{name} has no series");
            for (labels, count) in counts {
                let mut buckets: Vec<(f64, f64)> = Vec::new();
                for (of, value) in self.all(&bucket_of) {
                    let mut of = of.clone();
                    let bound = of.remove("le").unwrap();
                    if of == *labels {
                        buckets.push((bound.replace("+Inf", "inf").parse().unwrap(), value));
                    }
                }
                buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
                assert!(buckets.is_sorted_by(|one, other| one.1 <= other.1), "{name}: {buckets:?}");
                assert_eq!(buckets.last(), Some(&(f64::INFINITY, count)), "{name}");
                assert!(self.series.contains_key(&(format!("{name}_sum"), labels.clone())));
            }
        }
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Labels, f64)> + 'a {
        let named = self.series.iter().filter(move |((of, _), _)| of == name);
        named.map(|((_, labels), value)| (labels, *value))
    }

    /// The sum of all series of this name that have these labels; `None` when there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let fits = |of: &Labels| {
            labels.iter().all(|(name, value)| of.get(*name).is_some_and(|own| own == value))
        };
        let found: Vec<f64> =
            self.all(name).filter(|(of, _)| fits(of)).map(|(_, value)| value).collect();
        (!found.is_empty()).then(|| found.iter().sum())
    }

    /// The names of the labels of a series, and of what a histogram adds to it.
    pub fn labels(&self, family: &str) -> BTreeSet<&str> {
        let of_family = self.series.iter().filter(|((name, _), _)| self.family_of(name) == family);
        of_family.flat_map(|((_, labels), _)| labels.keys().map(String::as_str)).collect()
    }

    /// Every value of every label.
    pub fn label_values(&self) -> BTreeSet<&str> {
        self.series.keys().flat_map(|(_, labels)| labels.values().map(String::as_str)).collect()
    }
}

fn read_labels(mut text: &str) -> Labels {
    let mut labels = Labels::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").unwrap();
        let mut value = String::new();
        let mut letters = rest.char_indices();
        let end = loop {
            match letters.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => value.push(letters.next().unwrap().1),
                (_, letter) => value.push(letter),
            }
        };
        assert_eq!(labels.insert(name.to_owned(), value), None, "a label stands once");
        text = rest[end + 1..].trim_start_matches(',');
    }
    labels
}
