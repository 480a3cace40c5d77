// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {IAccessMarket} from "../../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {IERC721} from "../../utils/IERC721.sol";
import {ITestUSD} from "../../utils/ITestUSD.sol";
import {SumTreeBuilder} from "../../utils/SumTreeBuilder.sol";
import {Vm} from "../../utils/Vm.sol";
import {LedgerBooks} from "./LedgerBooks.sol";

/// @notice The part of the handler that grows the graph: publications, sales of assets, fees and rulings.
abstract contract LedgerPublisher is LedgerBooks {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 internal constant ASSETS_MAX = 14;
    uint256 internal constant VERSIONS_MAX = 20;
    uint256 internal constant ACCOUNTS = 6;
    /// @dev Others may build from it, and what they build may be sold.
    uint8 internal constant FLAGS = 1 | 8;

    IAssetRegistry internal immutable registry;
    IRevenueLedger internal immutable ledger;
    IAccessMarket internal immutable market;
    address internal immutable governor;
    ITestUSD[] internal tokens;

    /// @notice How often each kind of call did its work.
    mapping(string action => uint256) public done;

    modifier fresh() {
        _forgetTouched();
        _;
    }

    constructor(IAssetRegistry registry_, IRevenueLedger ledger_, IAccessMarket market_, address governor_) {
        (registry, ledger, market, governor) = (registry_, ledger_, market_, governor_);
    }

    function tokenAt(uint256 place) external view returns (ITestUSD) {
        return tokens[place % tokens.length];
    }

    /* CALLS */

    function publish(uint256 seed) external fresh {
        if (_assets.length < ASSETS_MAX) _publish(seed);
    }

    function publishVersion(uint256 seed) external fresh {
        if (versions >= VERSIONS_MAX) return;
        uint256 asset = _assets[seed % _assets.length];
        uint256 before = registry.currentVersion(asset);
        IAssetRegistry.Kind kind = registry.kindOf(asset);
        (IAssetRegistry.Publication memory stated, SumTreeBuilder.Leaf[] memory leaves) = _draft(seed, kind);
        uint256 bpsBefore = _facts[before].contributorBps;
        // Contributors' share never falls; one that had none may still have none.
        if (stated.contributors.bps < bpsBefore) stated.contributors.bps = uint16(bpsBefore);
        if (leaves.length == 0 && bpsBefore != 0) return;
        address publisher = _ownerOf(asset);
        vm.prank(publisher);
        try registry.publishVersion(asset, stated) returns (uint256 version) {
            _remember(version, asset, publisher, stated, leaves);
            ++done["publishVersion"];
        } catch (bytes memory reason) {
            _requireTooMuch(reason);
        }
    }

    function transferAsset(uint256 seed, uint256 to) external fresh {
        uint256 asset = _assets[seed % _assets.length];
        address owner = _ownerOf(asset);
        vm.prank(owner);
        IERC721(address(registry)).transferFrom(owner, _account(to), asset);
        _touch(asset, address(tokens[0]));
        ++done["transferAsset"];
    }

    function setFee(uint256 seed) external fresh {
        vm.prank(governor);
        registry.setFee(uint16(seed % 501));
        ++done["setFee"];
    }

    function setLien(uint256 seed, uint16 bps, uint88 cap) external fresh {
        (uint256 version, ITestUSD token) = _draw(seed);
        Lien[] storage liens = _liens[version][address(token)];
        if (version == 1 || liens.length == 4) return;
        uint256 creditor = (seed >> 128) % (version - 1) + 1;
        (, uint256 left) = lienSharesOf(version, address(token));
        bps = uint16(bps % BPS) + 1;
        ledger.setLien(version, address(token), creditor, bps, uint128(cap) + 1);
        liens.push(Lien(creditor, bps, left, uint256(cap) + 1, 0));
        _touch(version, address(token));
        ++done["setLien"];
    }

    /* PUBLISHING */

    function _publish(uint256 seed) internal {
        IAssetRegistry.Kind[6] memory kinds = [
            IAssetRegistry.Kind.Dataset,
            IAssetRegistry.Kind.Model,
            IAssetRegistry.Kind.Model,
            IAssetRegistry.Kind.Service,
            IAssetRegistry.Kind.Agent,
            IAssetRegistry.Kind.Collection
        ];
        // The first of all is a dataset, the third a collection, so that there is always work for both.
        uint256 draw = versions == 0 ? 0 : versions == 2 ? 5 : (seed >> 240) % 6;
        (IAssetRegistry.Publication memory stated, SumTreeBuilder.Leaf[] memory leaves) = _draft(seed, kinds[draw]);
        address publisher = _account(seed >> 200);
        vm.prank(publisher);
        try registry.publish(kinds[draw], stated) returns (uint256 asset) {
            _assets.push(asset);
            _remember(asset, asset, publisher, stated, leaves);
            ++done["publish"];
        } catch (bytes memory reason) {
            _requireTooMuch(reason);
        }
    }

    /// @dev A random graph runs into the caps on what a version owes; nothing else may stop a publication.
    function _requireTooMuch(bytes memory reason) internal pure {
        bytes4 said = bytes4(reason);
        require(
            said == IAssetRegistry.AssetRegistry_RatesInvalid.selector
                || said == IAssetRegistry.AssetRegistry_SupplyTooDeep.selector,
            "publishing failed"
        );
    }

    function _remember(
        uint256 version,
        uint256 asset,
        address publisher,
        IAssetRegistry.Publication memory stated,
        SumTreeBuilder.Leaf[] memory leaves
    ) internal {
        Facts storage facts = _facts[version];
        facts.asset = asset;
        facts.publisher = publisher;
        facts.isCollection = registry.kindOf(asset) == IAssetRegistry.Kind.Collection;
        (facts.royaltyBps, facts.serveBps) = (stated.terms.royaltyBps, stated.terms.serveBps);
        facts.contributorBps = stated.contributors.bps;
        _noteLeaves(version, leaves);
        uint256 suppliesBps;
        for (uint256 i; i < stated.suppliers.length; ++i) {
            uint256 supplier = stated.suppliers[i];
            suppliesBps += _facts[supplier].serveBps;
            _supplies[version].push(IAssetRegistry.Edge(supplier, uint16(_facts[supplier].serveBps)));
        }
        facts.feeBps = registry.feeBps() * (BPS - suppliesBps) / BPS;
        _oweLike(version, _lastOf(asset));
        for (uint256 i; i < stated.parents.length; ++i) {
            _inherit(version, stated.parents[i]);
        }
        _sortRoyalties(version);
        _checkEdges(version);
        versions = version;
        _touch(version, address(tokens[0]));
    }

    /// @dev The asset's version before this one; 0 for its first.
    function _lastOf(uint256 asset) internal view returns (uint256 last) {
        for (uint256 other = 1; other <= versions; ++other) {
            if (_facts[other].asset == asset) last = other;
        }
    }

    function _checkEdges(uint256 version) internal view {
        (uint256 feeBps, IAssetRegistry.Edge[] memory royalties, IAssetRegistry.Edge[] memory supplies) =
            registry.edgesOf(version);
        require(feeBps == _facts[version].feeBps, "R8: fee");
        require(keccak256(abi.encode(royalties)) == keccak256(abi.encode(_royalties[version])), "R8: royalties");
        require(keccak256(abi.encode(supplies)) == keccak256(abi.encode(_supplies[version])), "R8: supplies");
    }

    /* DRAWING */

    function _draft(uint256 seed, IAssetRegistry.Kind kind)
        internal
        view
        returns (IAssetRegistry.Publication memory stated, SumTreeBuilder.Leaf[] memory leaves)
    {
        bool sells = kind == IAssetRegistry.Kind.Service || kind == IAssetRegistry.Kind.Agent;
        stated.manifestDigest = DIGEST;
        stated.parents = _drawTwo(seed >> 8, sells ? 1 : 3);
        if (sells) stated.suppliers = _drawTwo(seed >> 40, 3);
        stated.terms.royaltyBps = uint16((seed >> 72) % 900);
        stated.terms.serveBps = uint16((seed >> 88) % 4_400) + 1;
        stated.terms.flags = FLAGS;
        stated.feeBpsMax = 500;
        leaves = _drawLeaves(seed, kind == IAssetRegistry.Kind.Collection);
        if (leaves.length > 0) {
            stated.contributors.root = SumTreeBuilder.rootOf(leaves);
            stated.contributors.bps = uint16((seed >> 104) % 10_001);
        }
    }

    /// @dev Up to two versions, ascending; none in one case of `odds + 1`.
    function _drawTwo(uint256 seed, uint256 odds) internal view returns (uint256[] memory drawn) {
        drawn = new uint256[](2);
        uint256 count;
        if (versions > 0 && seed % (odds + 1) != 0) drawn[count++] = (seed >> 8) % versions + 1;
        if (count == 1 && seed >> 7 & 1 == 1 && drawn[0] < versions) {
            drawn[count++] = drawn[0] + 1 + (seed >> 16) % (versions - drawn[0]);
        }
        assembly {
            mstore(drawn, count)
        }
    }

    function _drawLeaves(uint256 seed, bool asMembers) internal view returns (SumTreeBuilder.Leaf[] memory leaves) {
        leaves = new SumTreeBuilder.Leaf[](asMembers || versions == 0 ? 1 + (seed >> 120) % 4 : (seed >> 120) % 6);
        for (uint256 i; i < leaves.length; ++i) {
            uint256 draw = uint256(keccak256(abi.encode(seed, i)));
            address account = asMembers ? address(uint160(draw % versions + 1)) : address(uint160(draw | 1));
            leaves[i] = SumTreeBuilder.Leaf({account: account, weight: uint64(draw >> 200) + 1});
        }
    }

    function _ownerOf(uint256 version) internal view returns (address) {
        return IERC721(address(registry)).ownerOf(_facts[version].asset);
    }

    function _draw(uint256 seed) internal view returns (uint256 version, ITestUSD token) {
        return (seed % versions + 1, tokens[(seed >> 64) % tokens.length]);
    }

    function _account(uint256 seed) internal pure returns (address) {
        return vm.addr(seed % ACCOUNTS + 1);
    }
}
