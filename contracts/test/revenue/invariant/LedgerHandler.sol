// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {IAccessMarket} from "../../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {IERC721} from "../../utils/IERC721.sol";
import {ITestUSD} from "../../utils/ITestUSD.sol";
import {SumTreeBuilder} from "../../utils/SumTreeBuilder.sol";
import {Vm} from "../../utils/Vm.sol";

/// @notice Does everything that can be done to the ledger, in any order, and keeps books of what it saw move.
contract LedgerHandler {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    bytes32 internal constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant DIGEST = keccak256("a manifest");
    uint256 internal constant BUYER_KEY = 0xB0B;
    uint256 internal constant ASSETS_MAX = 14;
    uint256 internal constant VERSIONS_MAX = 20;
    uint256 internal constant FEE_INDEX = 16;
    uint256 internal constant ACCOUNTS = 6;
    uint256 internal constant SIZE_BITS = 88;

    IAssetRegistry internal immutable registry;
    IRevenueLedger internal immutable ledger;
    IAccessMarket internal immutable market;
    ITestUSD[] internal tokens;

    /* THE BOOKS */

    mapping(uint256 version => mapping(address token => uint256)) public received;
    mapping(uint256 version => mapping(address token => uint256)) public pulledInto;
    mapping(uint256 version => mapping(address token => uint256)) public ownerPaid;
    mapping(uint256 version => mapping(address token => mapping(uint256 place => uint256))) public contributorPaid;
    mapping(address token => uint256) public receivedInAll;
    mapping(address token => uint256) public donatedInAll;
    mapping(address token => uint256) public paidInAll;

    mapping(uint256 version => SumTreeBuilder.Leaf[]) internal _leaves;
    mapping(uint256 version => address) internal _publishers;
    mapping(uint256 version => uint256) internal _assetOf;
    mapping(uint256 version => uint16) internal _royaltyBps;
    mapping(uint256 asset => uint256) internal _currentVersion;
    mapping(uint256 version => mapping(uint256 asset => IAssetRegistry.Edge)) internal _owed;
    mapping(uint256 offerId => uint256) internal _purchases;
    uint256[] internal _assets;
    uint256 public versions;
    uint256 internal _authorizations;

    /// @notice What the last call touched.
    uint256 public lastVersion;
    address public lastToken;

    /// @notice How often each kind of call did its work.
    mapping(string action => uint256) public done;

    constructor(IAssetRegistry registry_, IRevenueLedger ledger_, IAccessMarket market_, ITestUSD[] memory tokens_) {
        (registry, ledger, market) = (registry_, ledger_, market_);
        for (uint256 i; i < tokens_.length; ++i) {
            tokens.push(tokens_[i]);
        }
        lastToken = address(tokens_[0]);
        for (uint256 i; i < 8; ++i) {
            _publish(uint256(keccak256(abi.encode("first graph", i))));
        }
    }

    /* GROWING THE GRAPH */

    function publish(uint256 seed) external {
        if (_assets.length < ASSETS_MAX) _publish(seed);
    }

    function publishVersion(uint256 seed) external {
        if (versions >= VERSIONS_MAX) return;
        uint256 asset = _assets[seed % _assets.length];
        IAssetRegistry.Publication memory publication = _drawPublication(seed);
        address publisher = _ownerOf(asset);
        vm.prank(publisher);
        try registry.publishVersion(asset, publication) returns (uint256 version) {
            _remember(version, asset, publisher, publication, seed);
            ++done["publishVersion"];
        } catch (bytes memory reason) {
            _requireTooMuchOwed(reason);
        }
    }

    function transferAsset(uint256 seed, uint256 to) external {
        uint256 asset = _assets[seed % _assets.length];
        address owner = _ownerOf(asset);
        vm.prank(owner);
        IERC721(address(registry)).transferFrom(owner, _account(to), asset);
        _touch(asset, tokens[0]);
        ++done["transferAsset"];
    }

    /* TAKING IN */

    function pay(uint256 seed, uint256 amount) external {
        (uint256 version, ITestUSD token) = _draw(seed);
        address payer = _account(seed >> 128);
        amount = _size(amount);
        token.mint(payer, amount);
        vm.prank(payer);
        token.approve(address(ledger), amount);
        uint256 before = token.balanceOf(address(ledger));
        vm.prank(payer);
        ledger.pay(version, address(token), amount);
        _receive(version, token, before);
        ++done["pay"];
    }

    function payWithAuthorization(uint256 seed, uint256 amount) external {
        (uint256 version,) = _draw(seed);
        ITestUSD token = tokens[seed % 2];
        bytes32 context = bytes32(++_authorizations);
        bytes32 nonce = keccak256(abi.encode(address(this), version, context));
        IRevenueLedger.Authorization memory signed = _authorize(token, _size(amount), nonce);
        uint256 before = token.balanceOf(address(ledger));
        ledger.payWithAuthorization(version, address(token), signed, context);
        _receive(version, token, before);
        ++done["payWithAuthorization"];
    }

    /// @dev Every purchase is by a new holder, half of them relayed.
    function buy(uint256 seed, uint40 price) external {
        uint256 asset = _assets[seed % _assets.length];
        ITestUSD token = tokens[(seed >> 64) % 2];
        uint256 amount = price == 0 ? 1 : price;
        uint16 index = uint16(++_purchases[asset]);
        vm.prank(_ownerOf(asset));
        uint256 offerId = market.listOffer(asset, index, address(token), amount, IAccessMarket.Usage.Train);
        uint256 version = registry.currentVersion(asset);
        IAccessMarket.Purchase memory purchase =
            IAccessMarket.Purchase({offerId: offerId, version: version, amountMax: amount, nonce: 0});
        uint256 before = token.balanceOf(address(ledger));
        if (seed % 2 == 0) {
            address buyer = vm.addr(BUYER_KEY);
            market.buyWithAuthorization(
                purchase, _authorize(token, amount, market.authorizationNonceOf(purchase, buyer))
            );
        } else {
            address payer = _account(seed >> 128);
            token.mint(payer, amount);
            vm.prank(payer);
            token.approve(address(ledger), amount);
            vm.prank(payer);
            market.buy(purchase);
        }
        _receive(version, token, before);
        ++done["buy"];
    }

    function sweep(uint256 seed, uint256 amount) external {
        uint256 asset = _assets[seed % _assets.length];
        ITestUSD token = tokens[(seed >> 64) % tokens.length];
        token.mint(ledger.tillOf(asset), _size(amount));
        uint256 before = token.balanceOf(address(ledger));
        ledger.sweep(asset, address(token));
        _receive(registry.currentVersion(asset), token, before);
        ++done["sweep"];
    }

    function donate(uint256 seed, uint256 amount) external {
        (uint256 version, ITestUSD token) = _draw(seed);
        amount = _size(amount);
        token.mint(address(ledger), amount);
        donatedInAll[address(token)] += amount;
        _touch(version, token);
        ++done["donate"];
    }

    /* SPLITTING AND PAYING OUT */

    function pull(uint256 seed) external {
        (uint256 version, ITestUSD token) = _draw(seed);
        uint256 count = registry.edgesOf(version).length;
        uint256 index = (seed >> 128) % (count + 1);
        if (_pull(version, token, index == count ? FEE_INDEX : index) != 0) ++done["pull"];
    }

    function collect(uint256 seed) external {
        (uint256 version, ITestUSD token) = _draw(seed);
        if (_collect(version, token) != 0) ++done["collect"];
    }

    function collectFee(uint256 seed) external {
        ITestUSD token = tokens[seed % tokens.length];
        if (_collect(0, token) != 0) ++done["collectFee"];
    }

    function collectContribution(uint256 seed) external {
        (uint256 version, ITestUSD token) = _draw(seed);
        uint256 count = _leaves[version].length;
        if (count == 0) return;
        if (_collectContribution(version, token, (seed >> 128) % count) != 0) ++done["collectContribution"];
    }

    /// @notice Brings everything to everybody. Not one of the fuzzed calls.
    function settleAll() external {
        for (uint256 t; t < tokens.length; ++t) {
            for (uint256 version = 1; version <= versions; ++version) {
                uint256 count = registry.edgesOf(version).length;
                for (uint256 i; i < count; ++i) {
                    _pull(version, tokens[t], i);
                }
                _pull(version, tokens[t], FEE_INDEX);
            }
            for (uint256 version; version <= versions; ++version) {
                _collect(version, tokens[t]);
                for (uint256 place; place < _leaves[version].length; ++place) {
                    _collectContribution(version, tokens[t], place);
                }
            }
        }
    }

    /* VIEWS */

    function tokenAt(uint256 place) external view returns (ITestUSD) {
        return tokens[place % tokens.length];
    }

    function leavesOf(uint256 version) external view returns (SumTreeBuilder.Leaf[] memory) {
        return _leaves[version];
    }

    function contributionOf(uint256 version, uint256 place) public view returns (IRevenueLedger.Contribution memory) {
        SumTreeBuilder.Leaf[] memory leaves = _leaves[version];
        SumTreeBuilder.Proof memory proof = SumTreeBuilder.proofOf(leaves, place);
        return IRevenueLedger.Contribution({
            version: version,
            publisher: _publishers[version],
            manifestDigest: DIGEST,
            contributorRoot: SumTreeBuilder.rootOf(leaves),
            account: leaves[place].account,
            weight: leaves[place].weight,
            path: proof.path,
            proof: proof.siblings
        });
    }

    /* INTERNAL */

    function _publish(uint256 seed) internal {
        IAssetRegistry.Publication memory publication = _drawPublication(seed);
        address publisher = _account(seed >> 200);
        vm.prank(publisher);
        try registry.publish(IAssetRegistry.Kind.Model, publication) returns (uint256 asset) {
            _assets.push(asset);
            _remember(asset, asset, publisher, publication, seed);
            ++done["publish"];
        } catch (bytes memory reason) {
            _requireTooMuchOwed(reason);
        }
    }

    /// @dev A random graph runs into the cap on what a version owes; nothing else may stop a publication.
    function _requireTooMuchOwed(bytes memory reason) internal pure {
        require(bytes4(reason) == IAssetRegistry.AssetRegistry_RatesInvalid.selector, "publishing failed");
    }

    function _remember(
        uint256 version,
        uint256 asset,
        address publisher,
        IAssetRegistry.Publication memory publication,
        uint256 seed
    ) internal {
        versions = version;
        _publishers[version] = publisher;
        _assetOf[version] = asset;
        _royaltyBps[version] = publication.royaltyBps;
        _oweLike(version, _currentVersion[asset]);
        for (uint256 i; i < publication.parents.length; ++i) {
            _oweLike(version, publication.parents[i]);
            _owe(version, publication.parents[i], _royaltyBps[publication.parents[i]]);
        }
        _currentVersion[asset] = version;
        _checkEdges(version);
        SumTreeBuilder.Leaf[] memory leaves = _drawLeaves(seed);
        for (uint256 i; i < leaves.length; ++i) {
            _leaves[version].push(leaves[i]);
        }
        _touch(version, tokens[0]);
    }

    /// @dev Whatever another version owes. Nothing for version 0, which there is before an asset's first.
    function _oweLike(uint256 version, uint256 other) internal {
        for (uint256 i; i < _assets.length; ++i) {
            IAssetRegistry.Edge memory edge = _owed[other][_assets[i]];
            if (edge.ancestor != 0) _owe(version, edge.ancestor, edge.bps);
        }
    }

    /// @dev One edge for each ancestor asset: its latest version, at the largest rate; none to the version's own asset.
    function _owe(uint256 version, uint256 ancestor, uint16 bps) internal {
        if (_assetOf[ancestor] == _assetOf[version]) return;
        IAssetRegistry.Edge storage edge = _owed[version][_assetOf[ancestor]];
        if (ancestor > edge.ancestor) edge.ancestor = ancestor;
        if (bps > edge.bps) edge.bps = bps;
    }

    function _checkEdges(uint256 version) internal view {
        uint256 count;
        for (uint256 i; i < _assets.length; ++i) {
            if (_owed[version][_assets[i]].ancestor != 0) ++count;
        }
        IAssetRegistry.Edge[] memory edges = registry.edgesOf(version);
        require(edges.length == count, "R8: number of edges");
        uint256 previous;
        for (uint256 i; i < count; ++i) {
            IAssetRegistry.Edge memory owed = _owed[version][_assetOf[edges[i].ancestor]];
            require(edges[i].ancestor > previous, "R8: order");
            require(edges[i].ancestor == owed.ancestor && edges[i].bps == owed.bps, "R8: edge");
            previous = edges[i].ancestor;
        }
    }

    function _drawPublication(uint256 seed) internal view returns (IAssetRegistry.Publication memory publication) {
        uint256[] memory parents = new uint256[](2);
        uint256 count;
        if (versions > 0 && seed >> 8 & 3 != 0) parents[count++] = (seed >> 16) % versions + 1;
        if (count == 1 && seed >> 10 & 1 == 1 && parents[0] < versions) {
            parents[count++] = parents[0] + 1 + (seed >> 32) % (versions - parents[0]);
        }
        assembly {
            mstore(parents, count)
        }
        SumTreeBuilder.Leaf[] memory leaves = _drawLeaves(seed);
        publication.manifestDigest = DIGEST;
        publication.parents = parents;
        publication.royaltyBps = uint16((seed >> 48) % 900);
        if (leaves.length > 0) {
            publication.contributors.root = SumTreeBuilder.rootOf(leaves);
            publication.contributors.bps = uint16((seed >> 64) % 10_001);
        }
    }

    function _drawLeaves(uint256 seed) internal pure returns (SumTreeBuilder.Leaf[] memory leaves) {
        leaves = new SumTreeBuilder.Leaf[]((seed >> 96) % 6);
        for (uint256 i; i < leaves.length; ++i) {
            uint256 draw = uint256(keccak256(abi.encode(seed, i)));
            leaves[i] = SumTreeBuilder.Leaf({account: address(uint160(draw | 1)), weight: uint64(draw >> 200) + 1});
        }
    }

    function _authorize(ITestUSD token, uint256 amount, bytes32 nonce)
        internal
        returns (IRevenueLedger.Authorization memory)
    {
        address buyer = vm.addr(BUYER_KEY);
        token.mint(buyer, amount);
        uint256 validBefore = block.timestamp + 1;
        bytes32 structHash =
            keccak256(abi.encode(RECEIVE_TYPEHASH, buyer, address(ledger), amount, uint256(0), validBefore, nonce));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(BUYER_KEY, keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), structHash)));
        return IRevenueLedger.Authorization({
            from: buyer, amount: amount, validAfter: 0, validBefore: validBefore, signature: abi.encodePacked(r, s, v)
        });
    }

    function _receive(uint256 version, ITestUSD token, uint256 before) internal {
        uint256 amount = token.balanceOf(address(ledger)) - before;
        received[version][address(token)] += amount;
        receivedInAll[address(token)] += amount;
        _touch(version, token);
    }

    function _pull(uint256 version, ITestUSD token, uint256 index) internal returns (uint256 amount) {
        uint256 ancestor;
        if (index != FEE_INDEX) (ancestor,) = registry.edgeAt(version, index);
        uint256 before = ledger.pulledOf(version, index, address(token));
        IRevenueLedger.EdgeRef[] memory edges = new IRevenueLedger.EdgeRef[](1);
        edges[0] = IRevenueLedger.EdgeRef({version: version, index: index});
        ledger.pull(address(token), edges);
        amount = ledger.pulledOf(version, index, address(token)) - before;
        pulledInto[ancestor][address(token)] += amount;
        _touch(version, token);
    }

    function _collect(uint256 version, ITestUSD token) internal returns (uint256 amount) {
        address payee = version == 0 ? ledger.treasury() : _ownerOf(version);
        uint256 before = token.balanceOf(payee);
        uint256[] memory versions_ = new uint256[](1);
        versions_[0] = version;
        ledger.collect(address(token), versions_);
        amount = token.balanceOf(payee) - before;
        ownerPaid[version][address(token)] += amount;
        paidInAll[address(token)] += amount;
        _touch(version, token);
    }

    function _collectContribution(uint256 version, ITestUSD token, uint256 place) internal returns (uint256 amount) {
        IRevenueLedger.Contribution[] memory contributions = new IRevenueLedger.Contribution[](1);
        contributions[0] = contributionOf(version, place);
        uint256 before = token.balanceOf(contributions[0].account);
        ledger.collectContributions(address(token), contributions);
        amount = token.balanceOf(contributions[0].account) - before;
        contributorPaid[version][address(token)][place] += amount;
        paidInAll[address(token)] += amount;
        _touch(version, token);
    }

    function _ownerOf(uint256 version) internal view returns (address) {
        return IERC721(address(registry)).ownerOf(registry.assetOf(version));
    }

    function _draw(uint256 seed) internal view returns (uint256 version, ITestUSD token) {
        return (seed % versions + 1, tokens[(seed >> 64) % tokens.length]);
    }

    function _account(uint256 seed) internal pure returns (address) {
        return vm.addr(seed % ACCOUNTS + 1);
    }

    /// @dev Half of the amounts are a few units, where rounding bites; the others are of any size.
    function _size(uint256 seed) internal pure returns (uint256) {
        return seed % 2 == 0 ? seed >> 1 & 0xff | 1 : (seed >> 1) % (1 << SIZE_BITS) + 1;
    }

    function _touch(uint256 version, ITestUSD token) internal {
        (lastVersion, lastToken) = (version, address(token));
    }
}
