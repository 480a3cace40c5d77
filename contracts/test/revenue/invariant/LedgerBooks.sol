// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {SumTreeBuilder} from "../../utils/SumTreeBuilder.sol";

/// @notice The handler's own books: the written rules in the plainest arithmetic, and nothing that the contracts said.
abstract contract LedgerBooks {
    uint256 internal constant BPS = 10_000;
    bytes32 internal constant DIGEST = keccak256("a manifest");

    struct Account {
        uint256 sales;
        uint256 royalties;
        uint256 pulled;
        /// What came from outside.
        uint256 received;
        uint256 ownerPaid;
    }

    struct Lien {
        uint256 creditor;
        uint256 bps;
        uint256 base;
        uint256 cap;
        uint256 moved;
    }

    struct Facts {
        uint256 asset;
        address publisher;
        bool isCollection;
        uint256 royaltyBps;
        uint256 serveBps;
        uint256 feeBps;
        uint256 contributorBps;
    }

    mapping(uint256 version => mapping(address token => Account)) internal _accounts;
    mapping(uint256 version => mapping(address token => Lien[])) internal _liens;
    mapping(uint256 version => mapping(address token => mapping(uint256 place => uint256))) public contributorPaid;
    mapping(address token => uint256) public receivedInAll;
    mapping(address token => uint256) public donatedInAll;
    mapping(address token => uint256) public paidInAll;
    /// @notice What waits in the market.
    mapping(address token => uint256) public waiting;

    mapping(uint256 version => Facts) internal _facts;
    mapping(uint256 version => SumTreeBuilder.Leaf[]) internal _leaves;
    mapping(uint256 version => IAssetRegistry.Edge[]) internal _royalties;
    mapping(uint256 version => IAssetRegistry.Edge[]) internal _supplies;
    mapping(uint256 version => mapping(uint256 asset => IAssetRegistry.Edge)) internal _owed;
    uint256[] internal _assets;
    uint256 public versions;

    /// @notice What the last call touched.
    mapping(uint256 version => IRevenueLedger.Contribution[]) internal _contributions;
    uint256[] internal _touchedVersions;
    address[] internal _touchedTokens;

    /* READING */

    function accountOf(uint256 version, address token) external view returns (Account memory) {
        return _accounts[version][token];
    }

    /// @notice Whether there is anything to split.
    function hasIncome(uint256 version, address token) public view returns (bool) {
        return _accounts[version][token].sales + _accounts[version][token].royalties != 0;
    }

    function liensOf(uint256 version, address token) external view returns (Lien[] memory) {
        return _liens[version][token];
    }

    function factsOf(uint256 version) external view returns (Facts memory) {
        return _facts[version];
    }

    function leavesOf(uint256 version) external view returns (SumTreeBuilder.Leaf[] memory) {
        return _leaves[version];
    }

    function edgesOf(uint256 version)
        external
        view
        returns (IAssetRegistry.Edge[] memory royalties, IAssetRegistry.Edge[] memory supplies)
    {
        return (_royalties[version], _supplies[version]);
    }

    function touched() external view returns (uint256[] memory, address[] memory) {
        return (_touchedVersions, _touchedTokens);
    }

    function contributionOf(uint256 version, uint256 place) public view returns (IRevenueLedger.Contribution memory) {
        return _contributions[version][place];
    }

    /// @notice All that the owner earned, before liens.
    function earnedOf(uint256 version, address token) public view returns (uint256) {
        Account storage account = _accounts[version][token];
        if (version == 0) return account.royalties;
        return _residue(version, token) * (BPS - _facts[version].contributorBps) / BPS;
    }

    /// @notice What each lien has of that, and what they leave.
    function lienSharesOf(uint256 version, address token) public view returns (uint256[] memory shares, uint256 left) {
        Lien[] storage liens = _liens[version][token];
        shares = new uint256[](liens.length);
        left = earnedOf(version, token);
        for (uint256 i; i < shares.length; ++i) {
            uint256 share = (left - liens[i].base) * liens[i].bps / BPS;
            shares[i] = share < liens[i].cap ? share : liens[i].cap;
            left -= shares[i];
        }
    }

    /// @notice What is due along all edges.
    function dueOf(uint256 version, address token) public view returns (uint256 due) {
        Account storage account = _accounts[version][token];
        due = _between(account, _facts[version].feeBps);
        for (uint256 i; i < _royalties[version].length; ++i) {
            due += _between(account, _royalties[version][i].bps);
        }
        for (uint256 i; i < _supplies[version].length; ++i) {
            due += _between(account, _supplies[version][i].bps);
        }
    }

    function _owedBps(uint256 version) internal view returns (uint256 bps) {
        bps = _facts[version].feeBps;
        for (uint256 i; i < _royalties[version].length; ++i) {
            bps += _royalties[version][i].bps;
        }
        for (uint256 i; i < _supplies[version].length; ++i) {
            bps += _supplies[version][i].bps;
        }
    }

    function _residue(uint256 version, address token) internal view returns (uint256) {
        Account storage account = _accounts[version][token];
        return account.sales * (BPS - _owedBps(version)) / BPS + account.royalties;
    }

    function _contributionEarned(uint256 version, address token, uint256 place) internal view returns (uint256) {
        uint256 sum;
        for (uint256 i; i < _leaves[version].length; ++i) {
            sum += _leaves[version][i].weight;
        }
        uint256 pool = _residue(version, token) * _facts[version].contributorBps / BPS;
        return pool * _leaves[version][place].weight / sum;
    }

    function _between(Account storage account, uint256 bps) internal view returns (uint256) {
        return account.sales * bps / BPS - account.pulled * bps / BPS;
    }

    /* WRITING */

    /// @dev Who shares in a version never changes, so each proof is made once and not at every check.
    function _noteLeaves(uint256 version, SumTreeBuilder.Leaf[] memory leaves) internal {
        bytes32 root = leaves.length == 0 ? bytes32(0) : SumTreeBuilder.rootOf(leaves);
        for (uint256 place; place < leaves.length; ++place) {
            _leaves[version].push(leaves[place]);
            SumTreeBuilder.Proof memory proof = SumTreeBuilder.proofOf(leaves, place);
            _contributions[version].push(
                IRevenueLedger.Contribution({
                    version: version,
                    publisher: _facts[version].publisher,
                    manifestDigest: DIGEST,
                    contributorRoot: root,
                    account: leaves[place].account,
                    weight: leaves[place].weight,
                    path: proof.path,
                    proof: proof.siblings
                })
            );
        }
    }

    function _noteReceived(uint256 version, address token, uint256 amount) internal {
        _accounts[version][token].sales += amount;
        _accounts[version][token].received += amount;
        receivedInAll[token] += amount;
        _touch(version, token);
    }

    /// @return moved In all.
    function _notePulled(uint256 version, address token) internal returns (uint256 moved) {
        moved = dueOf(version, token);
        _touch(version, token);
        if (moved == 0) return 0;
        Account storage account = _accounts[version][token];
        _noteRoyalty(0, token, _between(account, _facts[version].feeBps));
        for (uint256 i; i < _royalties[version].length; ++i) {
            _noteRoyalty(_royalties[version][i].version, token, _between(account, _royalties[version][i].bps));
        }
        for (uint256 i; i < _supplies[version].length; ++i) {
            uint256 supplier = _supplies[version][i].version;
            _accounts[supplier][token].sales += _between(account, _supplies[version][i].bps);
            _touch(supplier, token);
        }
        account.pulled = account.sales;
    }

    function _noteRoyalty(uint256 version, address token, uint256 amount) internal {
        _accounts[version][token].royalties += amount;
        _touch(version, token);
    }

    function _notePaid(uint256 version, address token, uint256 amount) internal {
        _accounts[version][token].ownerPaid += amount;
        paidInAll[token] += amount;
        (uint256[] memory shares,) = lienSharesOf(version, token);
        for (uint256 i; i < shares.length; ++i) {
            Lien storage lien = _liens[version][token][i];
            _noteRoyalty(lien.creditor, token, shares[i] - lien.moved);
            lien.moved = shares[i];
        }
        _touch(version, token);
    }

    function _touch(uint256 version, address token) internal {
        for (uint256 i; i < _touchedVersions.length; ++i) {
            if (_touchedVersions[i] == version && _touchedTokens[i] == token) return;
        }
        _touchedVersions.push(version);
        _touchedTokens.push(token);
    }

    function _forgetTouched() internal {
        delete _touchedVersions;
        delete _touchedTokens;
    }

    /* WHO OWES WHOM */

    /// @dev Whatever another version owes, and that version itself; the same of all whose work it sells.
    function _inherit(uint256 version, uint256 other) internal {
        _oweLike(version, other);
        _owe(version, other, _facts[other].royaltyBps);
        for (uint256 i; i < _supplies[other].length; ++i) {
            _inherit(version, _supplies[other][i].version);
        }
    }

    /// @dev Nothing for version 0, which there is before an asset's first.
    function _oweLike(uint256 version, uint256 other) internal {
        for (uint256 i; i < _assets.length; ++i) {
            IAssetRegistry.Edge memory edge = _owed[other][_assets[i]];
            if (edge.version != 0) _owe(version, edge.version, edge.bps);
        }
    }

    /// @dev One edge for each ancestor asset: its latest version, at the largest rate; none to the version's own asset.
    function _owe(uint256 version, uint256 ancestor, uint256 bps) internal {
        uint256 ancestorAsset = _facts[ancestor].asset;
        if (ancestorAsset == _facts[version].asset) return;
        IAssetRegistry.Edge storage edge = _owed[version][ancestorAsset];
        if (ancestor > edge.version) edge.version = ancestor;
        if (bps > edge.bps) edge.bps = uint16(bps);
    }

    /// @dev Brings what a version owes into the order of its ancestors.
    function _sortRoyalties(uint256 version) internal {
        for (uint256 ancestor = 1; ancestor < version; ++ancestor) {
            IAssetRegistry.Edge memory edge = _owed[version][_facts[ancestor].asset];
            if (edge.version == ancestor) _royalties[version].push(edge);
        }
    }
}
